-- What a worker must know of issuers. $1 issuer_key int4[]. Returns: issuer_key, name, issuer, delivery jsonb, version, egress jsonb.
select issuer_key, name, issuer, delivery, version, egress from lastcall.issuers where issuer_key = any($1::int4[])
