-- Begin a redelivery in bulk, or only count what it would concern.
-- $1 issuer_key int4 · $2 client_id text (null) · $3 statuses text[] · $4 reasons text[] (null: any) · $5 created at or after, $6 created before, RFC 3339 text (null)
-- $7 only count bool · $8 deliver_within_seconds int4 (null) · $9 rate_per_second int4 · $10 actor text
-- A client_id is visible ASCII, so DEL is above all of them: one index serves a client and all. Ordinals from 0xFF0000 on are completion webhooks.
-- Returns the redelivery.
insert into lastcall.operations (issuer_key, kind, status, filter, parameters, matched, actor, ended_at)
select $1::int4, 'redeliver', (case when $7::bool then 'done' else 'running' end)::lastcall.operation_status,
    jsonb_strip_nulls(jsonb_build_object('client_id', $2::text, 'status', $3::text[], 'reason', $4::text[], 'created_after', $5::text,
        'created_before', $6::text)),
    jsonb_build_object('dry_run', $7::bool, 'deliver_within_seconds', $8::int4, 'rate_per_second', $9::int4),
    (select count(*) from lastcall.deliveries d
        where d.issuer_key = $1::int4 and d.status <> 'delivered' and d.status = any($3::text[]::lastcall.delivery_status[])
            and d.client_id between coalesce($2::text, '') and coalesce($2::text, chr(127))
            and ($4::text[] is null or d.reason = any($4::text[]::lastcall.end_reason[]))
            and d.delivery_id > (select coalesce(lastcall.uuid7_floor($5::text::timestamptz), '00000000-0000-0000-0000-000000000000'))
            and d.delivery_id < (select coalesce(lastcall.uuid7_floor($6::text::timestamptz), 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
            and get_byte(uuid_send(d.delivery_id), 13) < 255),
    $10::text, case when $7::bool then now() end
returning operation_id, status::text, filter, (parameters ->> 'dry_run')::bool, (parameters ->> 'deliver_within_seconds')::int4,
    (parameters ->> 'rate_per_second')::int4, matched, done, actor, created_at, ended_at
