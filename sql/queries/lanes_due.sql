-- The lanes that have a due delivery and may be sent to, found by stepping through the index from lane to lane.
-- $1 after this client_key int4 · $2 at most this many int4
-- Returns: client_key, head and bulk_head (the oldest due time of each priority, null: none of it).
with recursive lane as (
    (select client_key, priority, due_at from lastcall.delivery_queue where client_key > $1::int4 order by client_key, priority, due_at limit 1)
    union all
    select n.client_key, n.priority, n.due_at from lane l cross join lateral (
        select q.client_key, q.priority, q.due_at from lastcall.delivery_queue q
        where q.client_key > l.client_key order by q.client_key, q.priority, q.due_at limit 1) n
)
-- Filtered before the limit: fewer rows than the limit must mean that no lane is left, not that the rest waits.
select l.client_key, case l.priority when 'interactive' then l.due_at end as head, b.due_at as bulk_head
from lane l
left join lateral (
    select q.due_at from lastcall.delivery_queue q where q.client_key = l.client_key and q.priority = 'bulk' order by q.due_at limit 1) b on true
where (l.due_at <= clock_timestamp() or b.due_at <= clock_timestamp()) and exists (
    select from lastcall.clients c
    where c.client_key = l.client_key and c.deleted_at is null and c.held_at is null and c.breaker_open_until <= now())
limit $2::int4
