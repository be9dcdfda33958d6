-- One issuer by name. $1 name text.
select issuer_key, name, issuer, session_durability::text, session_expiry::text, delivery, retention_days, created_at, updated_at
from lastcall.issuers where name = $1::text
