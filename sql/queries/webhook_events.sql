-- The events that completion webhooks tell of, as they stand. $1 issuer_key int4[] · $2 event_id uuid[]
-- Returns: issuer_key, then an event as event_get does.
select issuer_key, event_id, scope, initiator::text, session_durability::text, priority::text, status::text, initiating_client_id, trace_id,
    deliver_before, ended_at, matched, pending, delivering, retrying, held, delivered, failed, expired, cancelled, not_covered,
    webhook_status, webhook_attempts
from lastcall.event_view join (select distinct * from unnest($1::int4[], $2::uuid[]) u(issuer_key, event_id)) w using (issuer_key, event_id)
