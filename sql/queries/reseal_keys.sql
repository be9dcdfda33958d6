-- Lock private keys that are sealed under another key-encryption key than this one, in the order of their rows; what others hold is passed over.
-- $1 key id bytea · $2 after issuer_key int4 · $3 after kid text · $4 limit int4. Returns: issuer_key, issuer name, kid, alg, sealed_private_key.
select k.issuer_key, i.name, k.kid, k.alg, k.sealed_private_key
from lastcall.signing_keys k join lastcall.issuers i using (issuer_key)
where (k.issuer_key, k.kid) > ($2::int4, $3::text) and substring(k.sealed_private_key from 2 for 8) <> $1::bytea
order by k.issuer_key, k.kid limit $4::int4 for no key update of k skip locked
