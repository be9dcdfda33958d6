-- Trouble with signing keys. $1 a next key has waited too long after so many days float8. Returns: kind ('missing': clients ask for an alg
-- without an active key; 'waiting': a next key that nobody activates), the issuer's name, alg, kid (null: of 'missing'), clients or days.
select 'missing', i.name, c.id_token_signed_response_alg, null::text, count(*)::float8
from lastcall.clients c join lastcall.issuers i on i.issuer_key = c.issuer_key
where c.kind = 'relying_party' and c.deleted_at is null and c.backchannel_logout_uri is not null and not exists (
    select from lastcall.signing_keys k where k.issuer_key = c.issuer_key and k.alg = c.id_token_signed_response_alg and k.stage = 'active')
group by i.name, c.id_token_signed_response_alg
union all
select 'waiting', i.name, k.alg, k.kid, extract(epoch from now() - k.published_at)::float8 / 86400
from lastcall.signing_keys k join lastcall.issuers i on i.issuer_key = k.issuer_key
where k.stage = 'next' and k.published_at < now() - $1::float8 * interval '1 day'
order by 1, 2, 3, 4
