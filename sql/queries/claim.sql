-- Claim due deliveries of some lanes (clients), one short committed statement: a lease on the database clock, the attempt counted.
-- $1 worker_key int4 · lanes, one element each: $2 client_key int4[] · low-water marks (nothing older is looked at) of $3 interactive and
-- $4 bulk deliveries timestamptz[] · $5 quota int4[] · $6 at most this many in all int4 · $7 lease seconds float8
-- $8 seconds by which a lease outlasts its attempt float8 · $9 max_in_flight and $10 attempt_timeout_seconds where neither client nor issuer says int4, float8
-- The cap of a client needs no counter: of the first 2 x cap due rows of each priority, those under a lease are in flight. (With only the first cap rows,
-- rows that commit late push leased ones out of the window, and 26 ran where the cap was 16.) An expired lease counts as free: there is no rescuer; its
-- attempt is recorded as unknown here. Claims commit asynchronously: a lost claim is one more delivery attempt, not a lost logout. Lease numbers leave gaps
-- at random, so that none is given again after a crash, least of all to the worker that holds a claim of the same number which nobody else knows of.
-- A half-open breaker lets one through, so does one that has closed while what waits is still being spread out (rouse), and one that has closed less than a
-- second ago half as many as usual. A delivery that names only a sub, whose
-- user has logged in at that client again since, is not leased: it is marked to end as superseded, which takes nothing of the quota.
-- Returns a row per claimed delivery, and one with nulls for a lane of which something was only marked: client_key, head and bulk_head (the oldest due time
--   seen of each priority, null: none), more (the lane has further due rows), delivery_id, issuer_key, client_version, issuer_version, breaker_trips, lease_number,
--   attempt_count, excused_count, outcome_was_unknown, lease_microseconds, left_microseconds until deliver_before, sub, sid, whether a lease of it had run out.
with hurry as materialized (select set_config('synchronous_commit', 'off', true) as off, clock_timestamp() as at),
lanes as materialized (
    select l.client_key, l.low_water, l.bulk_low_water, l.quota, hurry.at, c.issuer_key, c.client_id, c.version as client_version, i.version as issuer_version,
        c.breaker_trips, u.usual, case when c.breaker_trips > 0 or c.breaker_rousing then 1 when c.breaker_closed_at > now() - interval '1 second' then greatest(u.usual / 2, 1)
            else u.usual end as cap,
        greatest($7::float8, $8::float8 + coalesce(c.attempt_timeout_seconds, (i.delivery ->> 'attempt_timeout_seconds')::float8, $10::float8)) as lease
    from hurry, unnest($2::int4[], $3::timestamptz[], $4::timestamptz[], $5::int4[]) as l(client_key, low_water, bulk_low_water, quota)
    cross join lateral (select * from lastcall.clients where client_key = l.client_key offset 0) c   -- by its key, however many there are
    join lastcall.issuers i on i.issuer_key = c.issuer_key
    cross join lateral (select coalesce(c.max_in_flight, (i.delivery ->> 'max_in_flight')::int4, $9::int4) as usual) u
    where c.deleted_at is null and c.held_at is null and c.breaker_open_until <= now()
),
windows as materialized (
    select l.*, w.head, w.bulk_head, w.places, w.subs, w.is_by_sub, greatest(least(l.quota, l.cap - w.busy), 0)::int4 as take,
        coalesce(cardinality(w.places), 0) > greatest(least(l.quota, l.cap - w.busy), 0) as more
    from lanes l
    cross join lateral (
        -- In the order of the rows below; sorting them again would cost more than finding them.
        select array_agg(f.place) filter (where f.free) as places, array_agg(f.sub) filter (where f.free) as subs,
            bool_or(f.sub is not null) filter (where f.free) as is_by_sub, min(f.due_at) filter (where f.priority = 'interactive') as head,
            min(f.due_at) filter (where f.priority = 'bulk') as bulk_head, count(*) filter (where not f.free) as busy
        from (
            -- Marked rows that nobody holds are the sweep's: they neither run nor stand in the way.
            (select q.ctid as place, q.priority, q.due_at, case when q.sid is null then q.sub end as sub, q.lease_until <= now() as free
            from lastcall.delivery_queue q
            where q.client_key = l.client_key and q.priority = 'interactive' and q.due_at >= l.low_water and q.due_at <= l.at
                and (q.closing is null or q.lease_until > now())
            order by q.due_at, q.delivery_id limit 2 * l.usual)
            union all
            (select q.ctid, q.priority, q.due_at, case when q.sid is null then q.sub end, q.lease_until <= now()
            from lastcall.delivery_queue q
            where q.client_key = l.client_key and q.priority = 'bulk' and q.due_at >= l.bulk_low_water and q.due_at <= l.at
                and (q.closing is null or q.lease_until > now())
            order by q.due_at, q.delivery_id limit 2 * l.usual)) f) w
),
asked as materialized (   -- where a sub may be superseded: twice as many as are wanted
    select r.*, r.is_superseded or row_number() over (partition by r.client_key, r.is_superseded order by r.number) <= r.take as is_picked
    from (
        select w.*, p.place, p.number, p.sub is not null and exists (
            select from lastcall.delivery_queue q join lastcall.participations s on s.issuer_key = q.issuer_key and s.sub = p.sub
                and s.client_key = q.client_key and s.created_at > lastcall.uuid7_time(q.delivery_id)
            where q.ctid = p.place) as is_superseded
        from windows w cross join lateral unnest(w.places[1 : 2 * w.take], w.subs[1 : 2 * w.take]) with ordinality as p(place, sub, number)
        where w.is_by_sub) r
),
picks as materialized (
    (select w.client_key, p.place, false as is_superseded, w.lease, w.head, w.bulk_head, w.more, w.client_id, w.client_version, w.issuer_version, w.breaker_trips
    from windows w cross join lateral unnest(w.places[1 : w.take]) as p(place) where not w.is_by_sub
    union all
    select client_key, place, is_superseded, lease, head, bulk_head, more, client_id, client_version, issuer_version, breaker_trips
    from asked where is_picked and not is_superseded limit $6::int4)
    union all
    select client_key, place, is_superseded, lease, head, bulk_head, more, client_id, client_version, issuer_version, breaker_trips
    from asked where is_superseded
),
locked as materialized (
    select q.ctid as place, q.lease_until as old_until, q.leased_at as old_at, q.worker_key as old_worker, q.attempt_count as old_attempt,
        p.is_superseded, p.lease, p.head, p.bulk_head, p.more, p.client_id, p.client_version, p.issuer_version, p.breaker_trips
    from picks p join lastcall.delivery_queue q on q.ctid = p.place
    -- Once more, on the row as it is locked: it may have been tried and put off since the snapshot.
    where q.lease_until <= now() and q.closing is null and q.due_at <= clock_timestamp()
    for update of q skip locked
),
marked as (
    update lastcall.delivery_queue q set closing = 'superseded_by_new_session'
    from locked l where l.is_superseded and q.ctid = l.place
    returning q.client_key, l.head, l.bulk_head, l.more, l.client_version, l.issuer_version, l.breaker_trips
),
claimed as (
    update lastcall.delivery_queue q
    set leased_at = clock_timestamp(), lease_until = clock_timestamp() + l.lease * interval '1 second', lease_number = q.lease_number + 1 + (random() * 1000)::int4,
        attempt_count = q.attempt_count + 1, worker_key = $1::int4,
        last_outcome = case when l.old_until > '-infinity' then 'unknown' else q.last_outcome end,
        outcome_was_unknown = q.outcome_was_unknown or l.old_until > '-infinity'
    from locked l
    where not l.is_superseded and q.ctid = l.place
    returning q.client_key, q.delivery_id, q.issuer_key, q.lease_number, q.attempt_count, q.excused_count, q.outcome_was_unknown, q.deliver_before, q.sub,
        q.sid, l.head, l.bulk_head, l.more, l.lease, l.client_id, l.client_version, l.issuer_version, l.breaker_trips, l.old_until, l.old_at, l.old_worker,
        l.old_attempt
),
lost as (
    insert into lastcall.attempts (delivery_id, issuer_key, number, started_at, finished_at, outcome, worker_key)
    select delivery_id, issuer_key, old_attempt, old_at, now(), 'unknown', old_worker from claimed where old_until > '-infinity'
    on conflict do nothing
),
audit as (
    insert into lastcall.audit_events (issuer_key, type, severity, subject_id, client_id, actor, data)
    select issuer_key, 'logout.back_channel.attempted', 'info', delivery_id, client_id, 'system',
        jsonb_build_object('attempt', old_attempt, 'outcome', 'unknown')
    from claimed where old_until > '-infinity' and not lastcall.is_webhook(delivery_id)
)
select client_key, head, bulk_head, more, delivery_id, issuer_key, client_version, issuer_version, breaker_trips, lease_number, attempt_count, excused_count,
    outcome_was_unknown, (lease * 1000000)::int8 as lease_microseconds,
    (date_part('epoch', deliver_before - clock_timestamp()) * 1000000)::int8 as left_microseconds, sub, sid, old_until > '-infinity' as was_lost
from claimed
union all
select distinct client_key, head, bulk_head, more, null::uuid, null::int4, client_version, issuer_version, breaker_trips, null::int4, null::int4, null::int4,
    null::bool, null::int8, null::int8, null, null, null::bool
from marked
