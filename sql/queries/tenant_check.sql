-- Whether a statement can act for an issuer at all: fails where the role is missing, may not be taken, or has lost its rights.
-- $1 issuer_key int4. Returns nothing.
select from lastcall.issuers where issuer_key = $1::int4 limit 0
