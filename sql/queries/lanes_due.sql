-- The lanes that have a due delivery, found by stepping through the index from lane to lane.
-- $1 after this client_key int4 · $2 at most this many int4
-- Returns: client_key, head (its oldest due time).
with recursive lane as (
    (select client_key, due_at from lastcall.delivery_queue where client_key > $1::int4 order by client_key, due_at limit 1)
    union all
    select n.client_key, n.due_at from lane l cross join lateral (
        select q.client_key, q.due_at from lastcall.delivery_queue q
        where q.client_key > l.client_key order by q.client_key, q.due_at limit 1) n
)
-- Filtered before the limit: fewer rows than the limit must mean that no lane is left, not that the rest waits.
select client_key, due_at as head from lane where due_at <= clock_timestamp() limit $2::int4
