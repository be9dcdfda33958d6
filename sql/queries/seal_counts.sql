-- Under which key-encryption keys secrets are sealed: bytes 2 to 9 of a seal. Returns: key id bytea, private keys int8, secrets of clients int8.
select substring(s.sealed from 2 for 8), count(*) filter (where s.is_key), count(*) filter (where not s.is_key)
from (select sealed_private_key as sealed, true as is_key from lastcall.signing_keys where sealed_private_key is not null
    union all select sealed_secret, false from lastcall.clients where sealed_secret is not null) s
group by 1 order by 1
