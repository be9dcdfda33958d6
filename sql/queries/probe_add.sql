-- Ask for a probe of a client. $1 issuer_key int4 · $2 client_id text · $3 actor text · $4 attempt_timeout_seconds where nobody says float8
-- $5 seconds in which a worker must take it float8
-- Returns: probe_id (null: the client has no backchannel_logout_uri), attempt timeout in seconds float8; nothing without the client.
with client as materialized (
    select c.client_key, c.backchannel_logout_uri is not null as has_uri,
        coalesce(c.attempt_timeout_seconds, (i.delivery ->> 'attempt_timeout_seconds')::float8, $4::float8) as timeout
    from lastcall.clients c join lastcall.issuers i on i.issuer_key = c.issuer_key
    where c.issuer_key = $1::int4 and c.client_id = $2::text and c.deleted_at is null and c.kind = 'relying_party'
),
added as (
    insert into lastcall.probes (issuer_key, client_key, actor, expires_at)
    select $1::int4, client_key, $3::text, now() + (timeout + $5::float8) * interval '1 second' from client where has_uri
    returning probe_id
)
select a.probe_id, c.timeout from client c left join added a on true
