-- The keys of an issuer, oldest first. $1 issuer_key int4. The last column is the database clock.
select kid, alg, stage::text, public_jwk, created_at, published_at, activated_at, retired_at, held_by, key_reference, now()
from lastcall.signing_keys where issuer_key = $1::int4 order by created_at, kid
