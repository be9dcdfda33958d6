-- Delete an issuer's completion webhook, if it has one: what waits is left to seize, what is in flight ends with it unless it is accepted.
-- $1 issuer_key int4.
with gone as (
    update lastcall.clients set deleted_at = now(), version = version + 1
    where issuer_key = $1::int4 and deleted_at is null and kind = 'completion_webhook' returning client_key
)
update lastcall.delivery_queue q set closing = 'client_not_found'
from gone where q.client_key = gone.client_key and q.lease_until > now() and q.closing is null
