-- Lock secrets of completion webhooks, and Authorization headers of receivers, that are sealed under another key-encryption key than this one, in the order of their rows; what others hold is passed over.
-- $1 key id bytea · $2 after client_key int4 · $3 limit int4. Returns: client_key, issuer_key, issuer name, sealed_secret, whether it is a
-- webhook's, client_id, URL.
select c.client_key, c.issuer_key, i.name, c.sealed_secret, c.kind = 'completion_webhook', c.client_id, c.backchannel_logout_uri
from lastcall.clients c join lastcall.issuers i using (issuer_key)
where c.sealed_secret is not null and c.client_key > $2::int4 and substring(c.sealed_secret from 2 for 8) <> $1::bytea
order by c.client_key limit $3::int4 for no key update of c skip locked
