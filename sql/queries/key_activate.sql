-- Make a key active and retire the one before it. $1 issuer_key int4 · $2 kid text · $3 alg text
-- $4 whether it is published anew, having left the JWK Set. The issuer's row is locked by the caller.
with old as (
    update lastcall.signing_keys set stage = 'retired', retired_at = now()
    where issuer_key = $1::int4 and alg = $3::text and stage = 'active' and kid <> $2::text returning kid
)
update lastcall.signing_keys set stage = 'active', activated_at = case stage when 'active' then activated_at else now() end,
    published_at = case when $4::boolean then now() else published_at end, retired_at = null
where issuer_key = $1::int4 and kid = $2::text and (select count(*) from old) >= 0
returning kid, alg, stage::text, public_jwk, created_at, published_at, activated_at, retired_at, held_by, key_reference, now()
