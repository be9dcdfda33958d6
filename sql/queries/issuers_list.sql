-- Issuers by name. $1 after this name text (null) · $2 limit int4
select i.issuer_key, i.name, i.issuer, i.session_durability::text, i.session_expiry::text, i.delivery, i.egress, i.retention_days,
    (select w.backchannel_logout_uri from lastcall.clients w
        where w.issuer_key = i.issuer_key and w.kind = 'completion_webhook' and w.deleted_at is null) as completion_webhook,
    i.created_at, i.updated_at
from lastcall.issuers i where $1::text is null or i.name > $1::text order by i.name limit $2::int4
