-- Who is signed in to the console. Every process that serves it looks here, so a session holds on all of them and ends on all of them at once.
create table lastcall.console_sessions (
    session_hash bytea primary key check (octet_length(session_hash) = 32),    -- SHA-256 of the cookie, which is 32 random bytes
    api_key_id uuid references lastcall.api_keys on delete cascade,             -- null: the operator key of the settings
    operator_proof bytea check (octet_length(operator_proof) = 32),             -- what only the cookie and that key together make
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,               -- moves on with use
    ends_at timestamptz not null,                  -- never moves
    check ((api_key_id is null) = (operator_proof is not null))
);
create index console_sessions_of_key on lastcall.console_sessions (api_key_id);
create index console_sessions_expired on lastcall.console_sessions (expires_at);

-- The event that was accepted under an idempotency key, given by its SHA-256. The table is not for lastcall_tenant, so this runs as the owner, for
-- the acting issuer alone.
create function lastcall.event_under_key(key_hash bytea) returns uuid
language sql stable security definer set enable_seqscan = off set search_path = pg_catalog, pg_temp as $$
    select k.event_id from lastcall.idempotency_keys k
    where k.issuer_key = lastcall.acting_issuer() and k.key_hash = event_under_key.key_hash
    order by k.day desc limit 1
$$;
revoke execute on function lastcall.event_under_key(bytea) from public;
grant execute on function lastcall.event_under_key(bytea) to lastcall_tenant;
