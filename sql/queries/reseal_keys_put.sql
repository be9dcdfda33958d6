-- Store private keys under their new seals, where the old ones are still there.
-- $1 issuer_key int4[] · $2 kid text[] · $3 old seal bytea[] · $4 new seal bytea[]. Returns: issuer_key of each that was.
update lastcall.signing_keys k set sealed_private_key = u.new
from unnest($1::int4[], $2::text[], $3::bytea[], $4::bytea[]) u(issuer_key, kid, old, new)
where k.issuer_key = u.issuer_key and k.kid = u.kid collate "C" and k.sealed_private_key = u.old
returning k.issuer_key
