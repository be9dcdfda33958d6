-- Delete an issuer with its clients, keys, API keys and recorded participations, and what is queued for it; its history stays
-- for as long as it said. $1 issuer_key int4.
with past as (
    insert into lastcall.past_issuers (issuer_key, retention_days) select issuer_key, retention_days from lastcall.issuers where issuer_key = $1::int4
),
gone as (delete from lastcall.delivery_queue where issuer_key = $1::int4),
sessions as (delete from lastcall.participations where issuer_key = $1::int4),
operations as (delete from lastcall.operations where issuer_key = $1::int4)
delete from lastcall.issuers where issuer_key = $1::int4
