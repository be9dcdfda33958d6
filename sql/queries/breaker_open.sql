-- Open a client's breaker: for the first time, or again after its trial failed. Only one of many processes that ask does it.
-- $1 client_key int4 · $2 breaker_trips as the asker knows them int4: the fence · $3 open for seconds float8 · $4 failures in a row int4
-- Returns: breaker_trips, where it opened.
with opened as (
    update lastcall.clients set breaker_trips = breaker_trips + 1, breaker_open_until = clock_timestamp() + $3::float8 * interval '1 second',
        -- What was left of an earlier outage is replayed together with this one.
        breaker_opened_at = case when breaker_trips > 0 or breaker_recovered_at > clock_timestamp() then breaker_opened_at else clock_timestamp() end,
        breaker_rousing = false
    where client_key = $1::int4 and deleted_at is null and breaker_trips = $2::int4 and breaker_open_until <= clock_timestamp()
    returning issuer_key, client_id, breaker_trips
),
audit as (
    insert into lastcall.audit_events (issuer_key, type, severity, client_id, actor, data)
    select issuer_key, 'breaker.opened', lastcall.severity_of('breaker.opened', null), client_id, 'system',
        jsonb_build_object('failures', $4::int4, 'open_seconds', round($3::float8::numeric, 3), 'trips', breaker_trips) from opened
)
select breaker_trips from opened
