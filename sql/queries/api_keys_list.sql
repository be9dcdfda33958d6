-- API keys, newest first. $1 issuer_key int4 (null: all) · $2 before this id uuid (null) · $3 limit int4. Revoked ones are left out.
select k.api_key_id, k.name, k.scopes, k.calls_per_second, k.created_at, k.expires_at, k.last_used_at, i.name as issuer
from lastcall.api_keys k left join lastcall.issuers i on i.issuer_key = k.issuer_key
where k.revoked_at is null and ($1::int4 is null or k.issuer_key = $1::int4) and ($2::uuid is null or k.api_key_id < $2::uuid)
order by k.api_key_id desc limit $3::int4
