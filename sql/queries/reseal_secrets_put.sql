-- Store secrets of clients under their new seals, where the old ones are still there. Versions stay: the secret is the same.
-- $1 client_key int4[] · $2 old seal bytea[] · $3 new seal bytea[]. Returns: issuer_key of each that was, whether
-- it is a webhook's.
update lastcall.clients c set sealed_secret = u.new
from unnest($1::int4[], $2::bytea[], $3::bytea[]) u(client_key, old, new)
where c.client_key = u.client_key and c.sealed_secret = u.old
returning c.issuer_key, c.kind = 'completion_webhook'
