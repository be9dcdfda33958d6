-- Make retries due that wait for a client whose breaker has closed: a bounded step for one client, which any process may make.
-- $1 at most this many of each priority int4
-- What was tried since the breaker was open keeps the wait that it was given. The others are spread over the time for which it was open, which claims replay.
-- Returns: client_key, how many became due; no row: nothing is left to do, or others are at it.
with lane as materialized (
    select client_key, breaker_open_until, breaker_opened_at, breaker_closed_at from lastcall.clients where breaker_rousing order by client_key limit 1
    for no key update skip locked
),
waiting as materialized (
    select q.issuer_key, q.delivery_id, q.due_at from lane l
    cross join lateral (
        (select issuer_key, delivery_id from lastcall.delivery_queue
        where client_key = l.client_key and priority = 'interactive' and due_at > now() and leased_at < l.breaker_open_until order by due_at limit $1::int4)
        union all
        (select issuer_key, delivery_id from lastcall.delivery_queue
        where client_key = l.client_key and priority = 'bulk' and due_at > now() and leased_at < l.breaker_open_until order by due_at limit $1::int4)) w
    join lastcall.delivery_queue q on q.issuer_key = w.issuer_key and q.delivery_id = w.delivery_id
    where q.lease_until <= now()
    for update of q skip locked
),
placed as (
    select w.*, case when isfinite(l.breaker_opened_at) then l.breaker_opened_at + (l.breaker_closed_at - l.breaker_opened_at)
        * (row_number() over (order by w.due_at, w.delivery_id) / (count(*) over () + 1.0::float8)) else l.breaker_closed_at end as place
    from waiting w cross join lane l
),
roused as (
    update lastcall.delivery_queue q set due_at = w.place
    from placed w where q.issuer_key = w.issuer_key and q.delivery_id = w.delivery_id returning q.delivery_id
),
finished as (
    update lastcall.clients c set breaker_rousing = false from lane l
    where c.client_key = l.client_key and (select count(*) from waiting) < $1::int4
)
select l.client_key, (select count(*) from roused)::int4 from lane l
