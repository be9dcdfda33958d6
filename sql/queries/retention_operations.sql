-- Delete operations that ended before their issuer's retention. $1 at most this many int4
-- · $2 retention where no issuer says one, days int4. Returns those that went.
delete from lastcall.operations where operation_id in (
    select o.operation_id from lastcall.operations o
    where o.status <> 'running' and o.ended_at < now() - lastcall.retention_of(o.issuer_key, $2::int4) * interval '1 day'
    order by o.operation_id limit $1::int4 for update skip locked)
returning operation_id
