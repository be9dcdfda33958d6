-- The first deliveries of an event, in the order of its targets. $1 issuer_key int4 · $2 event_id uuid · $3 the event's last delivery id uuid · $4 limit int4
select delivery_id, client_id, sub, sid, status::text, reason, nonstandard_status, rejected_after_unknown, attempt_count, next_attempt_at,
    deliver_before, ended_at
from lastcall.delivery_view
where issuer_key = $1::int4 and delivery_id > $2::uuid and delivery_id <= $3::uuid order by delivery_id limit $4::int4
