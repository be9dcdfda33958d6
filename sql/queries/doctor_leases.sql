-- The longest attempt timeout that an issuer or a client asks for. Returns: seconds float8 (null: none asks), the issuer's name, the client_id
-- (null: the issuer itself), how many ask for more than $1 seconds float8.
with asked as (
    select (i.delivery ->> 'attempt_timeout_seconds')::float8 as seconds, i.name, null as client_id from lastcall.issuers i
    where i.delivery ? 'attempt_timeout_seconds'
    union all
    select c.attempt_timeout_seconds, i.name, c.client_id from lastcall.clients c join lastcall.issuers i on i.issuer_key = c.issuer_key
    where c.attempt_timeout_seconds is not null and c.deleted_at is null
)
select seconds, name, client_id, count(*) filter (where seconds > $1::float8) over ()
from asked order by seconds desc limit 1
