-- Claim due deliveries of some lanes (clients), one short committed statement: a lease on the database clock, the attempt counted.
-- $1 worker_key int4 · lanes, one element each: $2 client_key int4[] · $3 low-water mark timestamptz[] (nothing older is looked at) · $4 quota int4[]
-- $5 at most this many in all int4 · $6 lease seconds float8 · $7 seconds by which a lease outlasts its attempt float8
-- $8 max_in_flight and $9 attempt_timeout_seconds where neither client nor issuer says int4, float8
-- The cap of a client needs no counter: of the first 2 x cap due rows, those under a lease are in flight. (With only the first cap rows, rows that
-- commit late push leased ones out of the window, and 26 ran where the cap was 16.) An expired lease counts as free: there is no rescuer; its
-- attempt is recorded as unknown here. Claims commit asynchronously: a lost claim is one more delivery attempt, not a lost logout.
-- Returns: delivery_id, issuer_key, client_key, client_version, issuer_version, lease_number, attempt_count, excused_count, outcome_was_unknown,
--   lease_microseconds, left_microseconds until deliver_before, sub, sid, head (the oldest due time seen in the lane), more (the lane has further due rows).
with hurry as materialized (select set_config('synchronous_commit', 'off', true) as off),
lanes as materialized (
    select l.client_key, l.low_water, l.quota, c.issuer_key, c.version as client_version, i.version as issuer_version,
        coalesce(c.max_in_flight, (i.delivery ->> 'max_in_flight')::int4, $8::int4) as cap,
        greatest($6::float8, $7::float8 + coalesce(c.attempt_timeout_seconds, (i.delivery ->> 'attempt_timeout_seconds')::float8, $9::float8))
            * interval '1 second' as lease
    from hurry, unnest($2::int4[], $3::timestamptz[], $4::int4[]) as l(client_key, low_water, quota)
    join lastcall.clients c on c.client_key = l.client_key
    join lastcall.issuers i on i.issuer_key = c.issuer_key
    where c.deleted_at is null and c.held_at is null and c.breaker_open_until <= now()
),
picks as materialized (
    select l.*, h.head, h.ids[p.n] as delivery_id, cardinality(h.ids) > h.take as more
    from lanes l
    cross join lateral (
        select array_agg(f.delivery_id order by f.due_at, f.delivery_id) filter (where f.free) as ids, min(f.due_at) as head,
            greatest(least(l.quota, l.cap - count(*) filter (where not f.free)), 0)::int4 as take
        from (
            select q.delivery_id, q.due_at, q.lease_until <= now() and q.closing is null as free
            from lastcall.delivery_queue q
            where q.client_key = l.client_key and q.due_at >= l.low_water and q.due_at <= clock_timestamp()
            order by q.due_at, q.delivery_id limit 2 * l.cap) f) h
    cross join lateral generate_series(1, least(h.take, coalesce(cardinality(h.ids), 0))) as p(n)   -- least() would skip a null
    limit $5::int4
),
locked as materialized (
    select q.issuer_key, q.delivery_id, q.lease_until as old_until, q.leased_at as old_at, q.worker_key as old_worker,
        q.attempt_count as old_attempt, p.client_version, p.issuer_version, p.lease, p.head, p.more
    from picks p join lastcall.delivery_queue q on q.issuer_key = p.issuer_key and q.delivery_id = p.delivery_id
    -- Once more, on the row as it is locked: it may have been tried and put off since the snapshot.
    where q.lease_until <= now() and q.closing is null and q.due_at <= clock_timestamp()
    for update of q skip locked
),
claimed as (
    update lastcall.delivery_queue q
    set leased_at = clock_timestamp(), lease_until = clock_timestamp() + l.lease, lease_number = q.lease_number + 1,
        attempt_count = q.attempt_count + 1, worker_key = $1::int4,
        last_outcome = case when l.old_until > '-infinity' then 'unknown' else q.last_outcome end,
        outcome_was_unknown = q.outcome_was_unknown or l.old_until > '-infinity'
    from locked l where q.issuer_key = l.issuer_key and q.delivery_id = l.delivery_id
    returning q.*, l.client_version, l.issuer_version, l.lease, l.head, l.more, l.old_until, l.old_at, l.old_worker, l.old_attempt
),
lost as (
    insert into lastcall.attempts (delivery_id, issuer_key, number, started_at, finished_at, outcome, worker_key)
    select delivery_id, issuer_key, old_attempt, old_at, now(), 'unknown', old_worker from claimed where old_until > '-infinity'
    on conflict do nothing
),
audit as (
    insert into lastcall.audit_events (issuer_key, type, severity, subject_id, client_id, actor, data)
    select q.issuer_key, 'logout.back_channel.attempted', 'info', q.delivery_id, c.client_id, 'system',
        jsonb_build_object('attempt', q.old_attempt, 'outcome', 'unknown')
    from claimed q join lastcall.clients c on c.client_key = q.client_key where q.old_until > '-infinity'
)
select delivery_id, issuer_key, client_key, client_version, issuer_version, lease_number, attempt_count, excused_count, outcome_was_unknown,
    (extract(epoch from lease) * 1000000)::int8 as lease_microseconds,
    (extract(epoch from deliver_before - clock_timestamp()) * 1000000)::int8 as left_microseconds, sub, sid, head, more
from claimed
