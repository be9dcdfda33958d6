-- Close a client's breaker, because the RP answered. Only one of many processes that ask does it. What waits is made due by rouse.
-- $1 client_key int4 · $2 breaker_trips as the asker knows them int4: the fence
-- Returns: client_key, where it closed.
with closed as (
    update lastcall.clients set breaker_trips = 0, breaker_open_until = least(breaker_open_until, clock_timestamp()),
        breaker_closed_at = clock_timestamp(), breaker_rousing = true
    where client_key = $1::int4 and deleted_at is null and breaker_trips = $2::int4 and breaker_trips > 0
    returning client_key, issuer_key, client_id
),
audit as (
    insert into lastcall.audit_events (issuer_key, type, severity, client_id, actor, data)
    select issuer_key, 'breaker.closed', lastcall.severity_of('breaker.closed', null), client_id, 'system', jsonb_build_object('trips', $2::int4) from closed
)
select client_key from closed
