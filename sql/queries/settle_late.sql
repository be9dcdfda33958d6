-- What workers heard after they had lost their leases: kept with the attempts that others have recorded as unknown.
-- $1 issuer_key int4[] · $2 delivery_id uuid[] · $3 attempt number int4[] · $4 http_status int2[]
update lastcall.attempts a set late_http_status = f.http_status
from unnest($1::int4[], $2::uuid[], $3::int4[], $4::int2[]) as f(issuer_key, delivery_id, attempt, http_status)
where a.issuer_key = f.issuer_key and a.delivery_id = f.delivery_id and a.number = f.attempt and a.outcome = 'unknown'
