-- Delete a client: its waiting deliveries are left to seize, those in flight end with it unless the RP accepts them. Its participations
-- are forgotten without a word, the first 10,000 here, the rest by the sweep; one that somebody else has locked is left to it too.
-- $1 issuer_key int4 · $2 client_id text. Returns: client_key.
with gone as (
    update lastcall.clients set deleted_at = now(), version = version + 1
    where issuer_key = $1::int4 and client_id = $2::text and deleted_at is null and kind = 'relying_party' returning client_key
),
closing as (
    update lastcall.delivery_queue q set closing = 'client_not_found'
    from gone where q.client_key = gone.client_key and q.lease_until > now() and q.closing is null
),
forgotten as (
    delete from lastcall.participations p using (
        select p.participation_key from lastcall.participations p where p.client_key = (select client_key from gone)
        order by p.participation_key limit 10000 for update skip locked) f
    where p.participation_key = f.participation_key
)
select client_key from gone
