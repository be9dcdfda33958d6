-- Add a key: active where its alg has none, next otherwise. $1 issuer_key int4 · $2 kid text · $3 alg text · $4 public_jwk jsonb · $5 sealed_private_key bytea (null: another holds the key)
-- $6 held_by text · $7 key_reference text. Returns the key; nothing where the kid exists. The issuer's row is locked by the caller.
insert into lastcall.signing_keys (issuer_key, kid, alg, stage, public_jwk, sealed_private_key, held_by, key_reference, activated_at)
select $1::int4, $2::text, $3::text, case when a.active then 'next' else 'active' end::lastcall.key_stage, $4::jsonb, $5::bytea, $6::text, $7::text,
    case when not a.active then now() end
from (select exists (select from lastcall.signing_keys where issuer_key = $1::int4 and alg = $3::text and stage = 'active') as active) a
on conflict do nothing
returning kid, alg, stage::text, public_jwk, created_at, published_at, activated_at, retired_at, held_by, key_reference, now()
