-- One delivery. $1 issuer_key int4 · $2 delivery_id uuid.
select delivery_id, client_id, sub, sid, status::text, reason, nonstandard_status, rejected_after_unknown, attempt_count, next_attempt_at,
    deliver_before, ended_at
from lastcall.delivery_view where issuer_key = $1::int4 and delivery_id = $2::uuid
