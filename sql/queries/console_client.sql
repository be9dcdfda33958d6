-- How one client's lane stands. $1 issuer_key int4 · $2 client_id text · $3 count rows so far int4
-- Returns: since when it is on hold (null: it is not), how often its breaker has opened since it was closed, until when it is open (null: closed),
-- deliveries in flight, waiting, waiting for a retry, all int8; seconds since the oldest was due float8 (null: none is).
select c.held_at, c.breaker_trips, case when c.breaker_trips > 0 then c.breaker_open_until end, l.flying, l.waiting, l.retrying, l.delay
from lastcall.clients c cross join lateral (
    select count(*) filter (where q.lease_until > now()) as flying, count(*) filter (where q.lease_until <= now()) as waiting,
        count(*) filter (where q.lease_until <= now() and q.attempt_count > 0) as retrying,
        extract(epoch from now() - min(q.due_at) filter (where q.lease_until <= now() and q.due_at <= now()))::float8 as delay
    from (select r.lease_until, r.attempt_count, r.due_at from lastcall.delivery_queue r
        where r.issuer_key = c.issuer_key and r.client_key = c.client_key order by r.priority, r.due_at limit $3::int4) q) l
where c.issuer_key = $1::int4 and c.client_id = $2::text and c.kind = 'relying_party' and c.deleted_at is null
