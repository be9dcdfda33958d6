-- Issuers by name. $1 after this name text (null) · $2 limit int4
select issuer_key, name, issuer, session_durability::text, session_expiry::text, delivery, retention_days, created_at, updated_at
from lastcall.issuers where $1::text is null or name > $1::text order by name limit $2::int4
