-- What a presented key may do. $1 api_key_id uuid. Returns: secret_hash, issuer_key, issuer name, scopes, usable (neither revoked nor expired),
-- seconds until it expires float8 (null: never), calls_per_second.
select k.secret_hash, k.issuer_key, i.name, k.scopes, k.revoked_at is null and (k.expires_at is null or k.expires_at > now()) as usable,
    case when isfinite(k.expires_at) then extract(epoch from k.expires_at - clock_timestamp())::float8 end as left_seconds, k.calls_per_second
from lastcall.api_keys k left join lastcall.issuers i on i.issuer_key = k.issuer_key where k.api_key_id = $1::uuid
