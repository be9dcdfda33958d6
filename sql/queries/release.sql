-- Give claims back that were not sent: the lease ends, the attempt is not counted.
-- $1 issuer_key int4[] · $2 delivery_id uuid[] · $3 lease_number int4[] · $4 worker_key int4
-- Returns the deliveries that were still ours.
update lastcall.delivery_queue q set lease_until = '-infinity', attempt_count = q.attempt_count - 1
from unnest($1::int4[], $2::uuid[], $3::int4[]) as i(issuer_key, delivery_id, lease_number)
where q.issuer_key = i.issuer_key and q.delivery_id = i.delivery_id and q.lease_number = i.lease_number and q.worker_key is not distinct from $4::int4
    and q.lease_until > '-infinity'
returning q.delivery_id
