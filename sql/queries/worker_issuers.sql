-- What a worker must know of issuers. $1 issuer_key int4[]. Returns: issuer_key, name, issuer, delivery jsonb, version.
select issuer_key, name, issuer, delivery, version from lastcall.issuers where issuer_key = any($1::int4[])
