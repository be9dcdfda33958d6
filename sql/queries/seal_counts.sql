-- Under which key-encryption keys secrets are sealed: bytes 2 to 9 of a seal. Returns: key id bytea, private keys int8, secrets of completion
-- webhooks int8, Authorization headers of receivers int8.
select substring(s.sealed from 2 for 8), count(*) filter (where s.what = 'key'), count(*) filter (where s.what = 'webhook'),
    count(*) filter (where s.what = 'header')
from (select sealed_private_key as sealed, 'key' as what from lastcall.signing_keys where sealed_private_key is not null
    union all select sealed_secret, case when kind = 'completion_webhook' then 'webhook' else 'header' end
        from lastcall.clients where sealed_secret is not null) s
group by 1 order by 1
