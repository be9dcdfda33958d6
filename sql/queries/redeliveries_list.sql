-- Redeliveries in bulk, newest first. $1 issuer_key int4 · $2 before this id uuid (null) · $3 at least this id uuid (null) · $4 status text[] (null) · $5 limit int4
select operation_id, status::text, filter, (parameters ->> 'dry_run')::bool, (parameters ->> 'deliver_within_seconds')::int4,
    (parameters ->> 'rate_per_second')::int4, matched, done, actor, created_at, ended_at
from lastcall.operations
where issuer_key = $1::int4 and kind = 'redeliver' and ($2::uuid is null or operation_id < $2::uuid)
    and ($3::uuid is null or operation_id >= $3::uuid) and ($4::text[] is null or status::text = any($4::text[]))
order by operation_id desc limit $5::int4
