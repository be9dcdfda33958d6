-- What a presented key may do. $1 api_key_id uuid. Returns: secret_hash, issuer_key, issuer name, scopes, usable (neither revoked nor expired).
select k.secret_hash, k.issuer_key, i.name, k.scopes, k.revoked_at is null and (k.expires_at is null or k.expires_at > now()) as usable
from lastcall.api_keys k left join lastcall.issuers i on i.issuer_key = k.issuer_key where k.api_key_id = $1::uuid
