-- A session of the console that is not over, whose key still holds; its end moves on with use, written down once a minute at most.
-- $1 session_hash bytea · $2 seconds without use after which it ends float8 (null: this is no use, its end stays)
-- Returns: api_key_id, operator_proof, the key's name, issuer_key, the issuer's name, scopes (all null: the operator key of the settings).
with used as (
    update lastcall.console_sessions set expires_at = least(ends_at, now() + $2::float8 * interval '1 second')
    where session_hash = $1::bytea and expires_at > now() and expires_at < ends_at
        and expires_at < now() + $2::float8 * interval '1 second' - least(60, $2::float8 / 10) * interval '1 second'
)
select s.api_key_id, s.operator_proof, k.name, k.issuer_key, i.name, k.scopes
from lastcall.console_sessions s left join lastcall.api_keys k on k.api_key_id = s.api_key_id
    left join lastcall.issuers i on i.issuer_key = k.issuer_key
where s.session_hash = $1::bytea and s.expires_at > now()
    and (s.api_key_id is null or (k.revoked_at is null and (k.expires_at is null or k.expires_at > now())))
