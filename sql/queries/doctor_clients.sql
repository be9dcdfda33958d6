-- Clients that get nothing: 'breaker' open, or 'held' by an operator with deliveries that wait. $1 count waiting ones so far int4
-- Returns: kind, the issuer's name, client_id, deliveries waiting, seconds since it was held (null: a breaker).
select case when c.held_at is null then 'breaker' else 'held' end, i.name, c.client_id, w.waiting,
    extract(epoch from now() - c.held_at)::float8
from lastcall.clients c join lastcall.issuers i on i.issuer_key = c.issuer_key
cross join lateral (select count(*) as waiting from (
    select from lastcall.delivery_queue q where q.issuer_key = c.issuer_key and q.client_key = c.client_key limit $1::int4) q) w
where c.deleted_at is null and ((c.held_at is not null and w.waiting > 0) or (c.held_at is null and c.breaker_trips > 0))
order by w.waiting desc, 2, 3
