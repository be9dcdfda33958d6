-- Close a client's breaker, because the RP answered. Only one of many processes that ask does it. What waits is made due by rouse.
-- $1 client_key int4 · $2 breaker_trips as the asker knows them int4: the fence · $3 deliveries a second at least float8
-- What waits is sent over the next seconds, at four fifths of the rate at which it has come since the breaker opened: both that and what comes now stay below
-- twice the usual rate. It takes less where $3 asks for less, and half of what the first deadline leaves.
-- Returns: client_key, where it closed.
with waiting as materialized (
    select count(*) as count, count(*) filter (where lastcall.uuid7_time(w.delivery_id) >= c.breaker_opened_at) as since, min(w.deliver_before) as first_deadline
    from lastcall.clients c
    cross join lateral (select delivery_id, deliver_before from lastcall.delivery_queue where client_key = c.client_key and closing is null limit 10000) w
    where c.client_key = $1::int4
),
closed as (
    update lastcall.clients set breaker_trips = 0, breaker_open_until = least(breaker_open_until, clock_timestamp()),
        breaker_closed_at = clock_timestamp(), breaker_rousing = true,
        breaker_recovered_at = clock_timestamp() + case when isfinite(breaker_opened_at) then greatest(interval '0',
            least((clock_timestamp() - breaker_opened_at) * (1.25::float8 * w.count / greatest(w.since, 1)), w.count / $3::float8 * interval '1 second', (w.first_deadline - clock_timestamp()) / 2))
            else interval '0' end
    from waiting w
    where client_key = $1::int4 and deleted_at is null and breaker_trips = $2::int4 and breaker_trips > 0
    returning client_key, issuer_key, client_id, breaker_recovered_at - breaker_closed_at as replay, w.count
),
audit as (
    insert into lastcall.audit_events (issuer_key, type, severity, client_id, actor, data)
    select issuer_key, 'breaker.closed', lastcall.severity_of('breaker.closed', null), client_id, 'system',
        jsonb_build_object('trips', $2::int4, 'replay_seconds', round(date_part('epoch', replay)::numeric, 3)) from closed
)
select client_key from closed
