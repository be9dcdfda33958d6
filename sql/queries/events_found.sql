-- Events of a subject, or whose scope names a session, a user or a browser; newest first. At least one of $7, $10, $11, $12 is given.
-- $1 issuer_key int4 · $2 before this id uuid (null) · $3 at least this id uuid (null) · $4 status text[] (null)
-- $5 initiator text (null) · $6 a delivery's client_id, $7 sub, $8 sid text (null) · $9 limit int4
-- $10 the scope's session_id, $11 user_id, $12 user_agent_id text (null)
-- The first that is given finds the candidates through its index; the branch of the other has no row and costs nothing.
with candidates as (
    select s.event_id from lastcall.event_subjects s
    where s.issuer_key = $1::int4 and s.subject = $7::text
        and ($2::uuid is null or s.event_id < $2::uuid) and ($3::uuid is null or s.event_id >= $3::uuid)
    union all
    select n.event_id from lastcall.events_naming($10::text, $11::text, $12::text, $2::uuid, $3::uuid, null) n where $7::text is null
)
select e.event_id, e.scope, e.initiator::text, e.session_durability::text, e.priority::text, e.status::text, e.initiating_client_id, e.trace_id,
    e.deliver_before, e.ended_at, e.matched, e.pending, e.delivering, e.retrying, e.held, e.delivered, e.failed, e.expired, e.cancelled, e.not_covered,
    e.webhook_status, e.webhook_attempts
from (select event_id from candidates order by event_id desc) c
-- A look-up for each, from new to old, until the page is full: no plan walks the events instead.
cross join lateral (select * from lastcall.event_view v where v.issuer_key = $1::int4 and v.event_id = c.event_id offset 0) e
where ($4::text[] is null or e.status::text = any($4::text[])) and ($5::text is null or e.initiator::text = $5::text)
    and ($10::text is null or (e.scope ->> 'session_id') collate "C" = $10::text)
    and ($11::text is null or (e.scope ->> 'user_id') collate "C" = $11::text)
    and ($12::text is null or (e.scope ->> 'user_agent_id') collate "C" = $12::text)
    and ($6::text is null and $7::text is null and $8::text is null or exists (
        select from lastcall.delivery_view d
        where d.issuer_key = e.issuer_key and d.delivery_id > e.event_id and d.delivery_id < e.deliveries_end
            and ($6::text is null or d.client_id = $6::text) and ($7::text is null or d.sub = $7::text)
            and ($8::text is null or d.sid = $8::text)))
order by c.event_id desc limit $9::int4
