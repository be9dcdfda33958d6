-- One redelivery in bulk. $1 issuer_key int4 · $2 operation_id uuid.
select operation_id, status::text, filter, (parameters ->> 'dry_run')::bool, (parameters ->> 'deliver_within_seconds')::int4,
    (parameters ->> 'rate_per_second')::int4, matched, done, actor, created_at, ended_at
from lastcall.operations where issuer_key = $1::int4 and operation_id = $2::uuid and kind = 'redeliver'
