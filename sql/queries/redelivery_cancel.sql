-- Stop a redelivery in bulk; what it has put into the queue stays there. $1 issuer_key int4 · $2 operation_id uuid.
-- Returns the redelivery, unless it has ended or there is none.
update lastcall.operations set status = 'cancelled', ended_at = clock_timestamp()
where issuer_key = $1::int4 and operation_id = $2::uuid and kind = 'redeliver' and status = 'running'
returning operation_id, status::text, filter, (parameters ->> 'dry_run')::bool, (parameters ->> 'deliver_within_seconds')::int4,
    (parameters ->> 'rate_per_second')::int4, matched, done, actor, created_at, ended_at
