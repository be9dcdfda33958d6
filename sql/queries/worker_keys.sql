-- The keys that issuers sign with. $1 issuer_key int4[]. Returns: issuer_key, issuer name, kid, alg, sealed_private_key, held_by, key_reference,
-- public_jwk.
select k.issuer_key, i.name, k.kid, k.alg, k.sealed_private_key, k.held_by, k.key_reference, k.public_jwk from lastcall.signing_keys k join lastcall.issuers i using (issuer_key)
where k.issuer_key = any($1::int4[]) and k.stage = 'active'
