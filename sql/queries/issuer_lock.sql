-- Lock an issuer's row and tell whether deliveries of it are open. $1 name text. Returns: issuer_key, issuer, whether deliveries are open.
select i.issuer_key, i.issuer, exists (select from lastcall.delivery_queue q where q.issuer_key = i.issuer_key and not lastcall.is_webhook(q.delivery_id))
from lastcall.issuers i where i.name = $1::text for update of i
