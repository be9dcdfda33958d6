-- Accepting logouts: the HTTP intake, the SQL door and the expiry of participations all come through lastcall.accept.

-- What becomes of a delivery for a client at its acceptance: 'queued', 'held', or the reason for which it ends at once.
create function lastcall.placement(client_key int, uri text, session_required boolean, held_at timestamptz, sid text)
returns text language sql immutable parallel safe as $$
    select case when client_key is null then 'client_not_found' when uri is null then 'no_backchannel_logout_uri'
        when session_required and sid is null then 'session_required_no_sid' when held_at is not null then 'held' else 'queued' end
$$;

-- Accepts logout events: events, deliveries, ended participations, idempotency keys and audit in one statement, so in one commit.
-- Events, one element each: null key_hash is no Idempotency-Key; durabilities, within_seconds and befores may be null; a scope is
-- {"targets": n} or the members of a filter; expired_only: the filter means participations whose time is over.
-- Targets, one element each: the event and the ordinal in it, both counted from 1. usual_within: seconds to the deadline where neither
-- event, client nor issuer says.
-- Returns a row per delivery, at least one per event. outcome: 'fresh', 'replay', 'conflict'; 'deadline': deliver_before is past, or more
-- than 30 days away, and nothing was accepted; 'again': a twin, concurrent or earlier in this batch, holds the key and is not visible yet,
-- the next statement sees it; 'nothing': of expired_only, nobody was there any more. kind: 'queued', 'held', 'excluded', or an end's reason.
-- client_id, sub and sid only where they come from a participation; webhook_lane where the event ended at once and its issuer is told. A filter that matches more than 1,000 participations is expanded
-- later, in steps: its event is returned with expanding, and no delivery.
-- Near midnight a key is written for both days, so that twins on its two sides meet in one of them.
create function lastcall.accept(
    issuer_keys int[], key_hashes bytea[], scopes jsonb[], initiators text[], initiating_client_ids text[], excludes boolean[],
    durabilities text[], within_seconds float8[], befores timestamptz[], trace_ids text[], actors text[], priorities text[],
    expired_only boolean[], target_events int[], target_ordinals int[], target_client_ids text[], target_subs text[], target_sids text[],
    usual_within float8)
returns table (ord int, outcome text, event_id uuid, session_durability text, deliver_before timestamptz, status text,
    ended_at timestamptz, priority text, matched int, expanding boolean, webhook_lane int, ordinal int, kind text, client_key int,
    delivery_deliver_before timestamptz, client_id text, sub text, sid text)
-- Without sequential scans, or a plan for many arrays walks all participations to find a few.
language plpgsql volatile set enable_seqscan = off set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin return query
with targets as materialized (
    select * from unnest(target_events, target_ordinals, target_client_ids, target_subs, target_sids)
        as t(ord, ordinal, client_id, sub, sid)
),
told as materialized (
    select t.ord, count(*)::int as number,
        case when key_hashes[t.ord] is not null then string_agg(t.client_id || e'\x1f' || coalesce(t.sub, e'\x01') || e'\x1f'
            || coalesce(t.sid, e'\x01'), e'\x1e' order by t.client_id, t.sub, t.sid) end as meaning
    from targets t group by t.ord
),
input as materialized (
    select i.*, n.event_id, lastcall.uuid7_time(n.event_id) as at, not i.scope ? 'targets' as by_filter, coalesce(t.number, 0) as targets,
        -- What the event means, however it was spelled: equal for two that ask for the same.
        case when i.key_hash is not null then sha256(convert_to(concat_ws(e'\x1d', i.scope, t.meaning, i.initiator,
            coalesce(i.initiating_client_id, ''), i.exclude_initiating, coalesce(i.durability, ''), i.priority,
            coalesce(i.asked_within::text, ''), coalesce(extract(epoch from i.asked_before)::text, '')), 'UTF8')) end as body_hash,
        coalesce(i.durability::lastcall.durability, s.session_durability) as session_durability,
        coalesce(i.asked_before, now() + i.asked_within * interval '1 second') as asked,
        coalesce(i.asked_before not between now() and now() + interval '30 days', false) as bad_deadline,
        now() + coalesce((s.delivery ->> 'deliver_within_seconds')::float8, usual_within) * interval '1 second' as usual,
        case when i.scope ? 'client_id' then coalesce((select c.client_key from lastcall.clients c where c.issuer_key = i.issuer_key
            and c.client_id = i.scope ->> 'client_id' and c.deleted_at is null and c.kind = 'relying_party'), -1) end as of_client
    from unnest(issuer_keys, key_hashes, scopes, initiators, initiating_client_ids, excludes, durabilities, within_seconds, befores,
            trace_ids, actors, priorities, expired_only) with ordinality
        as i(issuer_key, key_hash, scope, initiator, initiating_client_id, exclude_initiating, durability, asked_within, asked_before,
            trace_id, actor, priority, expired_only, ord)
    join lastcall.issuers s on s.issuer_key = i.issuer_key
    left join told t on t.ord = i.ord
    -- Once for each: at is the time in the id.
    cross join lateral (select lastcall.new_event_id() as event_id where i.ord > 0 offset 0) n
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
found as materialized (
    select f.ord, m.participation_key, count(*) over (partition by f.ord) > 1000 as is_bulk
    from fresh f
    cross join lateral (
        select p.participation_key
        from lastcall.matching(f.issuer_key, f.scope ->> 'session_id', f.scope ->> 'sid', f.scope ->> 'sub', f.scope ->> 'user_id',
            f.scope ->> 'user_agent_id', f.of_client) p
        where p.issuer_key = f.issuer_key and (not f.expired_only or p.expires_at <= now()) limit 1001) m
    where f.by_filter
),
bulk as materialized (select distinct ord from found where is_bulk),
addressed as materialized (
    select t.*, c.client_key, c.backchannel_logout_uri, c.backchannel_logout_session_required, c.held_at, c.delivery
    from targets t
    join fresh f on f.ord = t.ord
    left join lastcall.clients c on c.issuer_key = f.issuer_key and c.client_id = t.client_id and c.deleted_at is null
        and c.kind = 'relying_party'
),
-- Each participation ends once: with the first event of the batch that names it, without expired_only before with.
ending as materialized (
    select distinct on (e.participation_key) e.participation_key, e.ord, e.by_filter, f.expired_only
    from (
        select ord, participation_key, true as by_filter from found where not is_bulk
        union all
        select a.ord, p.participation_key, false from addressed a join fresh f using (ord)
        cross join lateral (
            select participation_key from lastcall.participations
            where issuer_key = f.issuer_key and sid = a.sid and client_key = a.client_key
            union all
            select participation_key from lastcall.participations
            where a.sid is null and issuer_key = f.issuer_key and sub = a.sub and client_key = a.client_key) p) e
    join fresh f using (ord)
    order by e.participation_key, f.expired_only, e.ord
),
locked as materialized (
    select e.ord, e.by_filter, p.*
    from ending e join lastcall.participations p on p.participation_key = e.participation_key
    where not e.expired_only or p.expires_at <= now()
    order by p.issuer_key, p.session_id, p.client_key, p.sid for update of p
),
ended_participations as (
    delete from lastcall.participations p using locked l where p.participation_key = l.participation_key
),
placed as materialized (
    select f.ord, f.issuer_key, f.event_id, f.at, f.priority, t.ordinal, lastcall.delivery_id(f.event_id, t.ordinal) as delivery_id,
        t.client_id, t.sub, t.sid, t.user_id, t.client_key,
        case when f.exclude_initiating and t.client_id = f.initiating_client_id then 'excluded' else lastcall.placement(
            t.client_key, t.backchannel_logout_uri, t.backchannel_logout_session_required, t.held_at, t.sid) end as kind,
        coalesce(f.asked, now() + (t.delivery ->> 'deliver_within_seconds')::float8 * interval '1 second', f.usual)
            as deliver_before
    from fresh f
    join (
        select ord, ordinal, client_id, sub, sid, null::text as user_id, client_key, backchannel_logout_uri,
            backchannel_logout_session_required, held_at, delivery from addressed
        union all
        select l.ord, row_number() over (partition by l.ord order by l.participation_key)::int, c.client_id, l.sub, l.sid, l.user_id,
            case when c.deleted_at is null then c.client_key end, c.backchannel_logout_uri, c.backchannel_logout_session_required,
            c.held_at, c.delivery
        from locked l join lastcall.clients c on c.client_key = l.client_key where l.by_filter) t on t.ord = f.ord
),
tally as (
    select ord, count(*)::int as placed, count(*) filter (where kind in ('queued', 'held'))::int as open,
        count(*) filter (where kind in ('client_not_found', 'session_required_no_sid'))::int as failed,
        count(*) filter (where kind = 'no_backchannel_logout_uri')::int as not_covered,
        count(*) filter (where kind = 'excluded')::int as excluded
    from placed group by ord
),
summed as materialized (
    select f.*, coalesce(f.asked, f.usual) as deliver_before, coalesce(t.placed, 0) as matched, coalesce(t.open, 0) as open,
        coalesce(t.failed, 0) as failed, coalesce(t.not_covered, 0) as not_covered, coalesce(t.excluded, 0) as excluded,
        b.ord is not null as expanding, case when b.ord is not null then 'bulk' else f.priority end as real_priority,
        case when t.open > 0 or b.ord is not null then 'in_progress' else lastcall.event_end(coalesce(t.placed, 0),
            coalesce(t.excluded, 0), coalesce(t.not_covered, 0), 0, 0) end as status
    from fresh f left join tally t on t.ord = f.ord left join bulk b on b.ord = f.ord
    where not f.expired_only or t.placed > 0 or b.ord is not null
),
events as (
    insert into lastcall.logout_events (event_id, issuer_key, scope, initiator, session_durability, priority, status,
        exclude_initiating_client, initiating_client_id, trace_id, deliver_before, ended_at, matched, excluded,
        open_count, failed, not_covered, expanding, end_count)
    select event_id, issuer_key, scope, initiator::lastcall.initiator, session_durability, real_priority::lastcall.priority,
        status::lastcall.event_status, exclude_initiating, initiating_client_id, trace_id, deliver_before,
        case when status <> 'in_progress' then at end, matched, excluded, open, failed, not_covered, expanding,
        case when status <> 'in_progress' then 1 else 0 end
    from summed
),
expansions as (
    insert into lastcall.operations (issuer_key, kind, event_id, filter, parameters, actor, created_at)
    select issuer_key, 'expand', event_id, scope,
        jsonb_strip_nulls(jsonb_build_object('deliver_before', asked, 'expired_only', case when expired_only then true end)),
        actor, clock_timestamp()
    from summed where expanding
),
subjects as (
    insert into lastcall.event_subjects (issuer_key, subject, event_id)
    select distinct n.issuer_key, n.subject, n.event_id
    from (
        select issuer_key, sub as subject, event_id from placed union all
        select issuer_key, user_id, event_id from placed union all
        select issuer_key, scope ->> 'sub', event_id from summed union all
        select issuer_key, scope ->> 'user_id', event_id from summed) n
    where n.subject is not null
),
queued as (
    insert into lastcall.delivery_queue (delivery_id, issuer_key, client_key, priority, due_at, deliver_before, sub, sid)
    select delivery_id, issuer_key, client_key, priority::lastcall.priority, clock_timestamp(), deliver_before, sub, sid
    from placed where kind in ('queued', 'held')
    union all
    select lastcall.webhook_id(s.event_id, 1), s.issuer_key, w.client_key, 'interactive', clock_timestamp(),
        clock_timestamp() + w.deliver_within, null, null
    from summed s join lastcall.completion_webhooks w on w.issuer_key = s.issuer_key
    where s.status <> 'in_progress'
    order by 2, 1
),
ended as (
    insert into lastcall.deliveries
        (delivery_id, issuer_key, client_key, status, reason, ended_at, deliver_before, client_id, sub, sid)
    select delivery_id, issuer_key, client_key, lastcall.status_of(kind::lastcall.end_reason),
        kind::lastcall.end_reason, at, deliver_before, client_id, sub, sid
    from placed where kind not in ('queued', 'held', 'excluded')
),
noted as (
    select s.ord, 0 as step, s.issuer_key, 'logout.accepted'::lastcall.audit_type as type, s.event_id as subject_id,
        s.session_durability, null::text as client_id, s.actor,
        jsonb_build_object('initiator', s.initiator, 'matched', s.matched)
            || case when s.expanding then '{"expanding": true}'::jsonb else '{}' end as data from summed s
    union all
    select s.ord, 0, s.issuer_key, 'session.expired', s.event_id, s.session_durability, null, s.actor,
        s.scope || jsonb_build_object('participations', s.matched) from summed s where s.expired_only
    union all
    select s.ord, 1, s.issuer_key, 'bcl.no_sessions_for_subject', s.event_id, s.session_durability, null, s.actor, s.scope
    from summed s where s.matched = 0 and not s.expanding
    union all
    select p.ord, 2, p.issuer_key,
        case p.kind when 'no_backchannel_logout_uri' then 'bcl.client_not_covered' else 'logout.back_channel.failed' end::lastcall.audit_type,
        p.delivery_id, s.session_durability, p.client_id, s.actor, jsonb_build_object('reason', p.kind)
    from placed p join summed s on s.ord = p.ord where p.kind not in ('queued', 'held', 'excluded')
    union all
    select s.ord, 3, s.issuer_key, 'logout.ended', s.event_id, s.session_durability, null, 'system',
        jsonb_build_object('status', s.status) from summed s where s.status <> 'in_progress'
),
audit as (
    insert into lastcall.audit_events (issuer_key, type, severity, subject_id, session_durability, client_id, actor, data)
    select issuer_key, type, lastcall.severity_of(type, session_durability), subject_id, session_durability, client_id, actor, data
    from (select * from noted order by ord, step, subject_id) n
)
select i.ord::int, case when s.ord is not null then 'fresh' when k.same then 'replay' when not k.same then 'conflict'
        when i.bad_deadline then 'deadline' when i.expired_only then 'nothing' else 'again' end,
    coalesce(k.event_id, i.event_id), s.session_durability::text, s.deliver_before, s.status::text,
    case when s.status <> 'in_progress' then s.at end, s.real_priority, s.matched, s.expanding,
    case when s.status <> 'in_progress' then (select w.client_key from lastcall.completion_webhooks w
        where w.issuer_key = i.issuer_key) end,
    p.ordinal, p.kind, p.client_key, p.deliver_before, case when i.by_filter then p.client_id end, case when i.by_filter then p.sub end,
    case when i.by_filter then p.sid end
from input i left join summed s on s.ord = i.ord left join known k on k.ord = i.ord left join placed p on p.ord = i.ord
order by i.ord, p.ordinal;
end $$;
