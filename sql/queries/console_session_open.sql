-- Signs somebody in to the console, and forgets some sessions that are over. $1 session_hash bytea · $2 api_key_id uuid (null: the operator key of
-- the settings) · $3 operator_proof bytea (null: an issued key) · $4 seconds without use after which it ends, $5 seconds after which it ends at all, float8
with over as (
    delete from lastcall.console_sessions where session_hash in (
        select session_hash from lastcall.console_sessions where expires_at < now() order by expires_at limit 100 for update skip locked)
)
insert into lastcall.console_sessions (session_hash, api_key_id, operator_proof, expires_at, ends_at)
values ($1::bytea, $2::uuid, $3::bytea, now() + least($4::float8, $5::float8) * interval '1 second', now() + $5::float8 * interval '1 second')
