-- Events, newest first. $1 issuer_key int4 · $2 before this id uuid (null) · $3 at least this id uuid (null) · $4 status text[] (null)
-- $5 initiator text (null) · $6 a delivery's client_id, $7 sub, $8 sid text (null) · $9 limit int4
select event_id, scope, initiator::text, session_durability::text, priority::text, status::text, initiating_client_id, trace_id,
    deliver_before, ended_at, matched, pending, delivering, retrying, held, delivered, failed, expired, cancelled, not_covered,
    webhook_status, webhook_attempts
from lastcall.event_view e
where e.issuer_key = $1::int4 and ($2::uuid is null or e.event_id < $2::uuid) and ($3::uuid is null or e.event_id >= $3::uuid)
    and ($4::text[] is null or e.status::text = any($4::text[])) and ($5::text is null or e.initiator::text = $5::text)
    and ($6::text is null and $7::text is null and $8::text is null or exists (
        select from lastcall.delivery_view d
        where d.issuer_key = e.issuer_key and d.delivery_id > e.event_id and d.delivery_id < e.deliveries_end
            and ($6::text is null or d.client_id = $6::text) and ($7::text is null or d.sub = $7::text)
            and ($8::text is null or d.sid = $8::text)))
order by e.event_id desc limit $9::int4
