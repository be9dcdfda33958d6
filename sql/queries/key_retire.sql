-- Retire a key. $1 issuer_key int4 · $2 kid text.
update lastcall.signing_keys set stage = 'retired', retired_at = case stage when 'retired' then retired_at else now() end
where issuer_key = $1::int4 and kid = $2::text
returning kid, alg, stage::text, public_jwk, created_at, published_at, activated_at, retired_at, held_by, key_reference, now()
