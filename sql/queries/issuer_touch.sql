-- Move an issuer's version, so that workers read its keys again. $1 issuer_key int4.
update lastcall.issuers set version = version + 1 where issuer_key = $1::int4
