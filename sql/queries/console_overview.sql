-- How an issuer's queue stands. $1 issuer_key int4 · $2 count rows so far int4 · $3 look at so many clients int4
-- Returns: deliveries in flight, waiting, waiting for a retry; seconds since the oldest that may be sent was due float8 (null: none is); clients,
-- clients on hold, clients with a breaker that is not closed; all int8.
with queue as materialized (
    select q.lease_until, q.attempt_count from lastcall.delivery_queue q where q.issuer_key = $1::int4 limit $2::int4
), known as materialized (
    select c.client_key, c.held_at, c.breaker_trips from lastcall.clients c
    where c.issuer_key = $1::int4 and c.kind = 'relying_party' and c.deleted_at is null limit $3::int4
)
select count(*) filter (where lease_until > now()), count(*) filter (where lease_until <= now()),
    count(*) filter (where lease_until <= now() and attempt_count > 0),
    (select extract(epoch from now() - min(o.due_at))::float8
    from known k cross join unnest(enum_range(null::lastcall.priority)) p(priority) cross join lateral (
        select q.due_at from lastcall.delivery_queue q
        where q.client_key = k.client_key and q.priority = p.priority and q.due_at <= now() and q.lease_until <= now() and q.issuer_key = $1::int4
        order by q.due_at limit 1) o
    where k.held_at is null and k.breaker_trips = 0),
    (select count(*) from known), (select count(*) from known where held_at is not null), (select count(*) from known where breaker_trips > 0)
from queue
