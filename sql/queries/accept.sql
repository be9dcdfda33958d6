-- Accept logout events: events, deliveries, idempotency keys and audit in one statement, so in one commit.
-- Events, one element each: $1 issuer_key int4[] · $2 key_hash bytea[] (null: no Idempotency-Key) · $3 body_hash bytea[] · $4 scope jsonb[]
--   $5 initiator text[] · $6 initiating_client_id text[] · $7 exclude_initiating_client bool[] · $8 session_durability text[] (null: the issuer's)
--   $9 deliver_within_seconds float8[] (null) · $10 deliver_before timestamptz[] (null) · $11 trace_id text[] · $12 actor text[]
--   $13 matched int4[] · $14 priority text[]
-- Targets, one element each: $15 event, counted from 1 int4[] · $16 ordinal in the event, counted from 1 int4[]
--   $17 client_id text[] · $18 sub text[] · $19 sid text[]
-- $20 deliver_within_seconds where neither event, client nor issuer says float8
-- Returns a row per delivery, at least one per event: ord, outcome ('fresh', 'replay', 'conflict', 'deadline', 'again'), event_id, session_durability,
--   deliver_before, status, ended_at, ordinal, kind ('queued', 'held', or an end's reason), client_key, delivery's deliver_before.
-- 'deadline': deliver_before is past, or more than 30 days away, and nothing was accepted.
-- 'again': a twin, concurrent or earlier in this batch, holds the key and is not visible yet; the next statement sees it.
-- Near midnight a key is written for both days, so that twins on its two sides meet in one of them.
with input as materialized (
    select i.*, lastcall.new_event_id() as event_id,
        coalesce(i.durability::lastcall.durability, s.session_durability) as session_durability,
        coalesce(i.asked_before, now() + i.asked_within * interval '1 second') as asked,
        coalesce(i.asked_before not between now() and now() + interval '30 days', false) as bad_deadline,
        now() + coalesce((s.delivery ->> 'deliver_within_seconds')::float8, $20::float8) * interval '1 second' as usual
    from unnest($1::int4[], $2::bytea[], $3::bytea[], $4::jsonb[], $5::text[], $6::text[], $7::bool[], $8::text[],
            $9::float8[], $10::timestamptz[], $11::text[], $12::text[], $13::int4[], $14::text[]) with ordinality
        as i(issuer_key, key_hash, body_hash, scope, initiator, initiating_client_id, exclude_initiating, durability,
            asked_within, asked_before, trace_id, actor, matched, priority, ord)
    join lastcall.issuers s on s.issuer_key = i.issuer_key
),
known as materialized (
    select distinct on (i.ord) i.ord, k.event_id, k.body_hash = i.body_hash as same
    from input i join lastcall.idempotency_keys k on k.issuer_key = i.issuer_key and k.key_hash = i.key_hash
    where k.day >= (now() at time zone 'utc')::date - 2
    order by i.ord, k.day
),
wanted as materialized (
    select i.ord, i.issuer_key, i.key_hash, d.day, i.body_hash, i.event_id
    from input i
    cross join lateral (
        select distinct ((now() at time zone 'utc') + step)::date as day
        from unnest(array[interval '-10 seconds', interval '0', interval '10 seconds']) step) d
    where i.key_hash is not null and not i.bad_deadline and not exists (select from known k where k.ord = i.ord)
),
keyed as (
    insert into lastcall.idempotency_keys (issuer_key, key_hash, day, body_hash, event_id)
    select issuer_key, key_hash, day, body_hash, event_id from wanted order by issuer_key, key_hash, day, ord
    on conflict do nothing returning event_id
),
kept as (select event_id, count(*) as got from keyed group by event_id),
asked as (select ord, event_id, count(*) as days from wanted group by ord, event_id),
fresh as materialized (
    select i.* from input i left join asked a using (ord) left join kept k on k.event_id = i.event_id
    where not i.bad_deadline and case when i.key_hash is null then true when k.got is null then false when k.got = a.days then true
        else lastcall.run_again('an idempotency key was half taken') end
),
placed as materialized (
    select f.ord, f.issuer_key, f.event_id, f.priority, t.ordinal, lastcall.delivery_id(f.event_id, t.ordinal) as delivery_id,
        t.client_id, t.sub, t.sid, c.client_key,
        case when f.exclude_initiating and t.client_id = f.initiating_client_id then 'excluded'
            when c.client_key is null then 'client_not_found'
            when c.backchannel_logout_uri is null then 'no_backchannel_logout_uri'
            when c.backchannel_logout_session_required and t.sid is null then 'session_required_no_sid'
            when c.held_at is not null then 'held' else 'queued' end as kind,
        coalesce(f.asked, now() + (c.delivery ->> 'deliver_within_seconds')::float8 * interval '1 second', f.usual)
            as deliver_before
    from unnest($15::int4[], $16::int4[], $17::text[], $18::text[], $19::text[]) as t(ord, ordinal, client_id, sub, sid)
    join fresh f on f.ord = t.ord
    left join lastcall.clients c
        on c.issuer_key = f.issuer_key and c.client_id = t.client_id and c.deleted_at is null and c.kind = 'relying_party'
),
tally as (
    select ord, count(*) filter (where kind in ('queued', 'held'))::int as open,
        count(*) filter (where kind in ('client_not_found', 'session_required_no_sid'))::int as failed,
        count(*) filter (where kind = 'no_backchannel_logout_uri')::int as not_covered,
        count(*) filter (where kind = 'excluded')::int as excluded
    from placed group by ord
),
summed as materialized (
    select f.*, coalesce(f.asked, f.usual) as deliver_before, coalesce(t.open, 0) as open, coalesce(t.failed, 0) as failed,
        coalesce(t.not_covered, 0) as not_covered, coalesce(t.excluded, 0) as excluded,
        case when coalesce(t.open, 0) > 0 then 'in_progress'
            else lastcall.event_end(f.matched, coalesce(t.excluded, 0), coalesce(t.not_covered, 0), 0, 0) end as status
    from fresh f left join tally t on t.ord = f.ord
),
events as (
    insert into lastcall.logout_events (event_id, issuer_key, scope, initiator, session_durability, priority, status,
        exclude_initiating_client, initiating_client_id, trace_id, deliver_before, ended_at, matched, excluded,
        open_count, failed, not_covered)
    select event_id, issuer_key, scope, initiator::lastcall.initiator, session_durability, priority::lastcall.priority, status,
        exclude_initiating, initiating_client_id, trace_id, deliver_before, case when open = 0 then now() end, matched,
        excluded, open, failed, not_covered
    from summed
),
queued as (
    insert into lastcall.delivery_queue (delivery_id, issuer_key, client_key, priority, due_at, deliver_before, sub, sid)
    select delivery_id, issuer_key, client_key, priority::lastcall.priority, clock_timestamp(), deliver_before, sub, sid
    from placed where kind in ('queued', 'held') order by issuer_key, delivery_id
),
ended as (
    insert into lastcall.deliveries
        (delivery_id, issuer_key, client_key, status, reason, ended_at, deliver_before, client_id, sub, sid)
    select delivery_id, issuer_key, client_key, lastcall.status_of(kind::lastcall.end_reason),
        kind::lastcall.end_reason, now(), deliver_before, client_id, sub, sid
    from placed where kind not in ('queued', 'held', 'excluded')
),
noted as (
    select s.ord, 0 as step, s.issuer_key, 'logout.accepted'::lastcall.audit_type as type, s.event_id as subject_id,
        s.session_durability, null::text as client_id, s.actor,
        jsonb_build_object('initiator', s.initiator, 'matched', s.matched) as data from summed s
    union all
    select s.ord, 1, s.issuer_key, 'bcl.no_sessions_for_subject', s.event_id, s.session_durability, null, s.actor, s.scope
    from summed s where s.matched = 0
    union all
    select p.ord, 2, p.issuer_key,
        case p.kind when 'no_backchannel_logout_uri' then 'bcl.client_not_covered' else 'logout.back_channel.failed' end::lastcall.audit_type,
        p.delivery_id, s.session_durability, p.client_id, s.actor, jsonb_build_object('reason', p.kind)
    from placed p join summed s on s.ord = p.ord where p.kind not in ('queued', 'held', 'excluded')
    union all
    select s.ord, 3, s.issuer_key, 'logout.ended', s.event_id, s.session_durability, null, 'system',
        jsonb_build_object('status', s.status) from summed s where s.open = 0
),
audit as (
    insert into lastcall.audit_events (issuer_key, type, severity, subject_id, session_durability, client_id, actor, data)
    select issuer_key, type, lastcall.severity_of(type, session_durability), subject_id, session_durability, client_id, actor, data
    from (select * from noted order by ord, step, subject_id) n
)
select i.ord::int4, case when s.ord is not null then 'fresh' when k.same then 'replay' when not k.same then 'conflict'
        when i.bad_deadline then 'deadline' else 'again' end as outcome,
    coalesce(k.event_id, i.event_id) as event_id, s.session_durability::text, s.deliver_before, s.status::text,
    case when s.open = 0 then now() end as ended_at, p.ordinal, p.kind, p.client_key, p.deliver_before as delivery_deliver_before
from input i left join summed s on s.ord = i.ord left join known k on k.ord = i.ord left join placed p on p.ord = i.ord
order by i.ord, p.ordinal
