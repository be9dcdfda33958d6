-- One event. $1 issuer_key int4 · $2 event_id uuid.
select event_id, scope, initiator::text, session_durability::text, priority::text, status::text, initiating_client_id, trace_id,
    deliver_before, ended_at, matched, pending, delivering, retrying, held, delivered, failed, expired, cancelled, not_covered,
    webhook_status, webhook_attempts
from lastcall.event_view where issuer_key = $1::int4 and event_id = $2::uuid
