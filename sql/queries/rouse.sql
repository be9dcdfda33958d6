-- Spread out what waits for a client whose breaker has closed: a bounded step for one client, which any process may make.
-- $1 at most this many of each priority int4
-- What has come since the breaker opened is due at its place in the time until breaker_recovered_at, in the order in which it came. So are retries that would
-- come later than that; what was tried since the breaker was open keeps the wait that it was given.
-- A delivery whose worker was lost is not put off.
-- Returns: client_key, how many were placed; no row: nothing is left to do, or others are at it.
with lane as materialized (
    select client_key, breaker_open_until, breaker_opened_at, breaker_closed_at, breaker_recovered_at,
        breaker_recovered_at - breaker_closed_at as replay, case when isfinite(breaker_opened_at) then
            date_part('epoch', breaker_recovered_at - breaker_closed_at) / greatest(date_part('epoch', breaker_closed_at - breaker_opened_at), 0.000001)
        end as slowness   -- none where there is nothing to replay
    from lastcall.clients where breaker_rousing order by client_key limit 1
    for no key update skip locked
),
waiting as materialized (
    select q.issuer_key, q.delivery_id, q.due_at from lane l
    cross join lateral (
        (select issuer_key, delivery_id from lastcall.delivery_queue
        where client_key = l.client_key and priority = 'interactive' and due_at <= l.breaker_closed_at and l.replay > '0' and lease_until = '-infinity'
        order by due_at limit $1::int4)
        union all
        (select issuer_key, delivery_id from lastcall.delivery_queue
        where client_key = l.client_key and priority = 'bulk' and due_at <= l.breaker_closed_at and l.replay > '0' and lease_until = '-infinity'
        order by due_at limit $1::int4)
        union all
        (select issuer_key, delivery_id from lastcall.delivery_queue
        where client_key = l.client_key and priority = 'interactive' and due_at > greatest(l.breaker_recovered_at, now()) and leased_at < l.breaker_open_until
        order by due_at limit $1::int4)
        union all
        (select issuer_key, delivery_id from lastcall.delivery_queue
        where client_key = l.client_key and priority = 'bulk' and due_at > greatest(l.breaker_recovered_at, now()) and leased_at < l.breaker_open_until
        order by due_at limit $1::int4)) w
    join lastcall.delivery_queue q on q.issuer_key = w.issuer_key and q.delivery_id = w.delivery_id
    where q.lease_until <= now()
    for update of q skip locked
),
placed as (
    select w.issuer_key, w.delivery_id, case when w.due_at <= l.breaker_closed_at
        then greatest(l.breaker_closed_at + (w.due_at - l.breaker_opened_at) * l.slowness, l.breaker_closed_at + interval '1 us')
        else l.breaker_closed_at + l.replay * (row_number() over (partition by w.due_at <= l.breaker_closed_at order by w.due_at, w.delivery_id)
            / (count(*) over (partition by w.due_at <= l.breaker_closed_at) + 1.0::float8)) end as place
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
