-- API keys that expire soon. $1 within so many days float8. Returns: id, name, the issuer's name (null: an operator key), days left.
select k.api_key_id, k.name, i.name, extract(epoch from k.expires_at - now())::float8 / 86400
from lastcall.api_keys k left join lastcall.issuers i on i.issuer_key = k.issuer_key
where k.revoked_at is null and k.expires_at > now() and k.expires_at < now() + $1::float8 * interval '1 day'
order by k.expires_at
