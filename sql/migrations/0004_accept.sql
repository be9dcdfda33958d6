-- Accepting logouts: the HTTP intake, the SQL door and the expiry of participations all come through lastcall.accept.

-- What becomes of a delivery for a client at its acceptance: 'queued', 'held', or the reason for which it ends at once.
create function lastcall.placement(client_key int, uri text, session_required boolean, held_at timestamptz, sid text)
returns text language sql immutable parallel safe as $$
    select case when client_key is null then 'client_not_found' when uri is null then 'no_backchannel_logout_uri'
        when session_required and sid is null then 'session_required_no_sid' when held_at is not null then 'held' else 'queued' end
$$;

-- The id of an event that is made at a tick, one of 4,096 in each millisecond since 1970: what lastcall.new_event_id gives, without its calls.
create function lastcall.event_id_at(tick bigint) returns uuid
language sql volatile parallel safe as $$
    select encode(int8send(((tick >> 12) << 16) | 28672 | (tick & 4095)) || substring(uuid_send(gen_random_uuid()) from 9 for 5)
        || '\x000000'::bytea, 'hex')::uuid
$$;

-- Accepts logout events: events, deliveries, ended participations, idempotency keys and audit in one transaction.
-- Events, one element each: null key_hash is no Idempotency-Key; durabilities, within_seconds and befores may be null; a scope is
-- {"targets": n} or the members of a filter; expired_only: the filter means participations whose time is over.
-- Targets, one element each: the event and the ordinal in it, both counted from 1. usual_within: seconds to the deadline where neither
-- event, client nor issuer says.
-- Returns a row per delivery, at least one per event, the accepted events first; no row for an event of expired_only where nobody was there
-- any more. outcome: 'fresh', 'replay', 'conflict'; 'deadline': deliver_before is past, or more than 30 days away, and nothing was accepted;
-- 'again': a twin, concurrent or earlier in this batch, holds the key and is not visible yet, the next statement sees it. kind: 'queued',
-- 'held', 'excluded', or an end's reason. client_id, sub and sid only where they come from a participation; webhook_lane where the event
-- ended at once and its issuer is told. A filter that matches more than 1,000 participations is expanded later, in steps: its event is
-- returned with expanding, and no delivery.
-- Near midnight a key is written for both days, so that twins on its two sides meet in one of them.
--
-- What few batches need has a statement of its own, for every node of a plan costs something even where it does nothing. Plans are made
-- once, for any batch: unnest stands beside generate_subscripts, whose thousand expected rows make joins of arrays hash, and a look-up is
-- fenced (limit, offset 0), so that it stays one by index however many rows the planner expects.
create function lastcall.accept(
    issuer_keys int[], key_hashes bytea[], scopes jsonb[], initiators text[], initiating_client_ids text[], excludes boolean[],
    durabilities text[], within_seconds float8[], befores timestamptz[], trace_ids text[], actors text[], priorities text[],
    expired_only boolean[], target_events int[], target_ordinals int[], target_client_ids text[], target_subs text[], target_sids text[],
    usual_within float8)
returns table (ord int, outcome text, event_id uuid, session_durability text, deliver_before timestamptz, status text,
    ended_at timestamptz, priority text, matched int, expanding boolean, webhook_lane int, ordinal int, kind text, client_key int,
    delivery_deliver_before timestamptz, client_id text, sub text, sid text)
language plpgsql volatile set enable_seqscan = off set plan_cache_mode = force_generic_plan set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    first_tick constant bigint := floor(date_part('epoch', clock_timestamp()) * 4096000);
    today constant date := (now() at time zone 'utc')::date;
    days date[];
    event_ids uuid[];
    outcomes text[];
    has_keys boolean;
    has_filters boolean;
    found_events int[];         -- what filters match, but for bulk: an element for each participation
    found_participations bigint[];
    bulk_events int[];
begin

select array_agg(lastcall.event_id_at(first_tick + i.ord) order by i.ord),
    array_agg(case when i.asked_before not between now() and now() + interval '30 days' then 'deadline' else 'fresh' end order by i.ord),
    bool_or(i.key_hash is not null), bool_or(not i.scope ? 'targets')
into event_ids, outcomes, has_keys, has_filters
from unnest(key_hashes, scopes, befores) with ordinality as i(key_hash, scope, asked_before, ord);

if has_keys then
    days := array(select distinct ((now() at time zone 'utc') + step)::date
        from unnest(array[interval '-10 seconds', interval '0', interval '10 seconds']) step);
    with targets as materialized (
        select t.ord, string_agg(t.client_id || e'\x1f' || coalesce(t.sub, e'\x01') || e'\x1f' || coalesce(t.sid, e'\x01'), e'\x1e'
            order by t.client_id, t.sub, t.sid) as meaning
        from unnest(target_events, target_client_ids, target_subs, target_sids) as t(ord, client_id, sub, sid)
        where key_hashes[t.ord] is not null group by t.ord
    ),
    given as materialized (
        select i.ord, i.issuer_key, i.key_hash, i.event_id, i.outcome,
            -- What the event means, however it was spelled: equal for two that ask for the same.
            sha256(convert_to(concat_ws(e'\x1d', scopes[i.ord], t.meaning, initiators[i.ord], coalesce(initiating_client_ids[i.ord], ''),
                excludes[i.ord], coalesce(durabilities[i.ord], ''), priorities[i.ord], coalesce(within_seconds[i.ord]::text, ''),
                coalesce(extract(epoch from befores[i.ord])::text, '')), 'UTF8')) as body_hash
        from rows from (generate_subscripts(issuer_keys, 1), unnest(issuer_keys), unnest(key_hashes), unnest(event_ids), unnest(outcomes))
            as i(ord, issuer_key, key_hash, event_id, outcome)
        join lastcall.issuers s on s.issuer_key = i.issuer_key
        left join targets t on t.ord = i.ord
        where i.key_hash is not null
    ),
    judged as materialized (
        select g.*, k.event_id as known_id, k.body_hash = g.body_hash as is_same
        from given g
        left join lateral (
            select k.event_id, k.body_hash from lastcall.idempotency_keys k
            where k.issuer_key = g.issuer_key and k.key_hash = g.key_hash and k.day between today - 2 and today + 1
            order by k.day limit 1) k on true
    ),
    keyed as (
        insert into lastcall.idempotency_keys (issuer_key, key_hash, day, body_hash, event_id)
        select j.issuer_key, j.key_hash, d.day, j.body_hash, j.event_id
        from judged j cross join unnest(days) d(day) where j.known_id is null and j.outcome = 'fresh'
        order by j.issuer_key, j.key_hash, d.day, j.ord
        on conflict do nothing returning event_id
    ),
    kept as (select event_id, count(*) as got from keyed group by event_id)
    select array_agg(coalesce(j.known_id, i.event_id) order by i.ord),
        array_agg(case when j.ord is null then i.outcome when j.is_same then 'replay' when not j.is_same then 'conflict'
            when i.outcome <> 'fresh' then i.outcome when k.got is null then 'again' when k.got = cardinality(days) then 'fresh'
            when lastcall.run_again('an idempotency key was half taken') then null end order by i.ord)
    into event_ids, outcomes
    from rows from (generate_subscripts(event_ids, 1), unnest(event_ids), unnest(outcomes)) as i(ord, event_id, outcome)
    left join judged j on j.ord = i.ord left join kept k on k.event_id = i.event_id;
    -- A commit that writes nothing waits for no standby, but what it confirms may be on none yet: a crash, or the end of a session, makes
    -- visible what still waits for one.
    if 'replay' = any(outcomes) then
        perform pg_logical_emit_message(true, 'lastcall', 'replay');
    end if;
end if;

if has_filters then
    with found as materialized (
        select i.ord, m.participation_key, count(*) over (partition by i.ord) > 1000 as is_bulk
        from unnest(issuer_keys, scopes, expired_only, outcomes) with ordinality as i(issuer_key, scope, expired_only, outcome, ord)
        cross join lateral (
            select i.scope ->> 'session_id' as session_id, i.scope ->> 'sid' as sid, i.scope ->> 'sub' as sub,
                i.scope ->> 'user_id' as user_id, i.scope ->> 'user_agent_id' as user_agent_id,
                case when i.scope ? 'client_id' then coalesce((select c.client_key from lastcall.clients c
                    where c.issuer_key = i.issuer_key and c.client_id = i.scope ->> 'client_id' and c.deleted_at is null
                        and c.kind = 'relying_party'), -1) end as client_key
            offset 0) f
        cross join lateral (
            select p.participation_key
            from lastcall.matching(i.issuer_key, f.session_id, f.sid, f.sub, f.user_id, f.user_agent_id, f.client_key) p
            where p.issuer_key = i.issuer_key and (not i.expired_only or p.expires_at <= now()) limit 1001) m
        where i.outcome = 'fresh' and not i.scope ? 'targets'
    )
    select array_agg(ord::int) filter (where not is_bulk), array_agg(participation_key) filter (where not is_bulk),
        array_agg(distinct ord::int) filter (where is_bulk)
    into found_events, found_participations, bulk_events from found;
end if;

return query
with input as materialized (
    select i.ord, i.issuer_key, i.event_id, i.outcome, i.scope, not i.scope ? 'targets' as by_filter, i.initiator::lastcall.initiator,
        i.priority, i.trace_id, i.actor, i.initiating_client_id, i.exclude_initiating, i.expired_only,
        coalesce(i.ord = any(bulk_events), false) as expanding,
        coalesce(i.durability::lastcall.durability, s.session_durability) as session_durability,
        coalesce(i.asked_before, now() + i.asked_within * interval '1 second') as asked,
        now() + coalesce((s.delivery ->> 'deliver_within_seconds')::float8, usual_within) * interval '1 second' as usual
    from rows from (generate_subscripts(issuer_keys, 1), unnest(issuer_keys), unnest(event_ids), unnest(outcomes), unnest(scopes),
            unnest(initiators), unnest(priorities), unnest(trace_ids), unnest(actors), unnest(initiating_client_ids), unnest(excludes),
            unnest(expired_only), unnest(durabilities), unnest(befores), unnest(within_seconds))
        as i(ord, issuer_key, event_id, outcome, scope, initiator, priority, trace_id, actor, initiating_client_id, exclude_initiating,
            expired_only, durability, asked_before, asked_within)
    join lastcall.issuers s on s.issuer_key = i.issuer_key
),
addressed as materialized (
    select t.*, issuer_keys[t.ord] as issuer_key, c.client_key, c.backchannel_logout_uri, c.backchannel_logout_session_required, c.held_at,
        c.delivery
    from rows from (unnest(target_events), unnest(target_ordinals), unnest(target_client_ids), unnest(target_subs), unnest(target_sids),
        generate_subscripts(target_events, 1)) as t(ord, ordinal, client_id, sub, sid)
    left join lateral (
        select * from lastcall.clients c where c.issuer_key = issuer_keys[t.ord] and c.client_id = t.client_id and c.deleted_at is null
            and c.kind = 'relying_party' limit 1) c on true
    where outcomes[t.ord] = 'fresh'
),
-- Each participation ends once: with the first event of the batch that names it, without expired_only before with.
ending as materialized (
    select distinct on (e.participation_key) e.participation_key, e.ord, e.by_filter
    from (
        select f.ord, f.participation_key, true as by_filter from unnest(found_events, found_participations) f(ord, participation_key)
        union all
        select a.ord, p.participation_key, false from addressed a
        cross join lateral (
            select participation_key from lastcall.participations
            where issuer_key = a.issuer_key and sid = a.sid and client_key = a.client_key
            union all
            select participation_key from lastcall.participations
            where a.sid is null and issuer_key = a.issuer_key and sub = a.sub and client_key = a.client_key
            offset 0) p) e
    order by e.participation_key, expired_only[e.ord], e.ord
),
locked as materialized (
    select e.ord, e.by_filter, p.*
    from ending e join lastcall.participations p
        on p.participation_key = e.participation_key and p.participation_key = any(array(select participation_key from ending))
    where not expired_only[e.ord] or p.expires_at <= now()
    order by p.issuer_key, p.session_id, p.client_key, p.sid for update of p
),
ended_participations as (
    delete from lastcall.participations where participation_key = any(array(select participation_key from locked))
),
placed as materialized (
    select f.ord, f.issuer_key, f.event_id, f.priority, f.session_durability, f.actor, t.ordinal,
        lastcall.delivery_id(f.event_id, t.ordinal) as delivery_id, t.client_id, t.sub, t.sid, t.user_id, t.client_key,
        case when f.exclude_initiating and t.client_id = f.initiating_client_id then 'excluded' else lastcall.placement(
            t.client_key, t.backchannel_logout_uri, t.backchannel_logout_session_required, t.held_at, t.sid) end as kind,
        coalesce(f.asked, now() + (t.delivery ->> 'deliver_within_seconds')::float8 * interval '1 second', f.usual)
            as deliver_before
    from input f
    join (
        select ord, ordinal, client_id, sub, sid, null::text as user_id, client_key, backchannel_logout_uri,
            backchannel_logout_session_required, held_at, delivery from addressed
        union all
        select l.ord, row_number() over (partition by l.ord order by l.participation_key)::int, c.client_id, l.sub, l.sid, l.user_id,
            case when c.deleted_at is null then c.client_key end, c.backchannel_logout_uri, c.backchannel_logout_session_required,
            c.held_at, c.delivery
        from locked l
        cross join lateral (select * from lastcall.clients c where c.client_key = l.client_key offset 0) c
        where l.by_filter) t on t.ord = f.ord
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
        case when f.expanding then 'bulk' else f.priority end as real_priority,
        case when t.open > 0 or f.expanding then 'in_progress' else lastcall.event_end(coalesce(t.placed, 0),
            coalesce(t.excluded, 0), coalesce(t.not_covered, 0), 0, 0) end as status
    from input f left join tally t on t.ord = f.ord
    where f.outcome = 'fresh' and (not f.expired_only or t.placed > 0 or f.expanding)
),
events as (
    insert into lastcall.logout_events (event_id, issuer_key, scope, initiator, session_durability, priority, status,
        exclude_initiating_client, initiating_client_id, trace_id, deliver_before, ended_at, matched, excluded,
        open_count, failed, not_covered, expanding, end_count)
    select event_id, issuer_key, scope, initiator, session_durability, real_priority::lastcall.priority,
        status, exclude_initiating, initiating_client_id, trace_id, deliver_before,
        case when status <> 'in_progress' then lastcall.uuid7_time(event_id) end, matched, excluded, open, failed, not_covered, expanding,
        case when status <> 'in_progress' then 1 else 0 end
    from summed
),
subjects as (
    insert into lastcall.event_subjects (issuer_key, subject, event_id)
    select distinct n.issuer_key, n.subject, n.event_id
    from (
        select issuer_key, sub as subject, event_id from placed union all
        select issuer_key, user_id, event_id from placed union all
        select issuer_key, scope ->> 'sub', event_id from summed where by_filter union all
        select issuer_key, scope ->> 'user_id', event_id from summed where by_filter) n
    where n.subject is not null
),
queued as (
    insert into lastcall.delivery_queue (delivery_id, issuer_key, client_key, priority, due_at, deliver_before, sub, sid)
    -- Due in the order of their ids, however a join has shuffled them.
    select q.delivery_id, q.issuer_key, q.client_key, q.priority, clock_timestamp(), q.deliver_before, q.sub, q.sid
    from (
        select delivery_id, issuer_key, client_key, priority::lastcall.priority, deliver_before, sub, sid
        from placed where kind in ('queued', 'held')
        union all
        select lastcall.webhook_id(s.event_id, 1), s.issuer_key, w.client_key, 'interactive', clock_timestamp() + w.deliver_within, null, null
        from summed s join lastcall.completion_webhooks w on w.issuer_key = s.issuer_key
        where s.status <> 'in_progress'
        order by issuer_key, delivery_id) q
),
ended as (
    insert into lastcall.deliveries
        (delivery_id, issuer_key, client_key, status, reason, ended_at, deliver_before, client_id, sub, sid)
    select delivery_id, issuer_key, client_key, lastcall.status_of(kind::lastcall.end_reason),
        kind::lastcall.end_reason, lastcall.uuid7_time(event_id), deliver_before, client_id, sub, sid
    from placed where kind not in ('queued', 'held', 'excluded')
),
noted as (
    select s.ord, 0 as step, s.issuer_key, 'logout.accepted'::lastcall.audit_type as type, s.event_id as subject_id,
        s.session_durability, null::text as client_id, s.actor,
        case when s.expanding then jsonb_build_object('initiator', s.initiator, 'matched', s.matched, 'expanding', true)
            else jsonb_build_object('initiator', s.initiator, 'matched', s.matched) end as data from summed s
    union all
    select s.ord, 0, s.issuer_key, 'session.expired', s.event_id, s.session_durability, null, s.actor,
        s.scope || jsonb_build_object('participations', s.matched) from summed s where s.expired_only
    union all
    select s.ord, 1, s.issuer_key, 'bcl.no_sessions_for_subject', s.event_id, s.session_durability, null, s.actor, s.scope
    from summed s where s.matched = 0 and not s.expanding
    union all
    select p.ord, 2, p.issuer_key,
        case p.kind when 'no_backchannel_logout_uri' then 'bcl.client_not_covered' else 'logout.back_channel.failed' end::lastcall.audit_type,
        p.delivery_id, p.session_durability, p.client_id, p.actor, jsonb_build_object('reason', p.kind)
    from placed p where p.kind not in ('queued', 'held', 'excluded')
    union all
    select s.ord, 3, s.issuer_key, 'logout.ended', s.event_id, s.session_durability, null, 'system',
        jsonb_build_object('status', s.status) from summed s where s.status <> 'in_progress'
),
audit as (
    insert into lastcall.audit_events (issuer_key, type, severity, subject_id, session_durability, client_id, actor, data)
    select issuer_key, type, lastcall.severity_of(type, session_durability), subject_id, session_durability, client_id, actor, data
    from (select * from noted order by ord, step, subject_id) n
)
select s.ord, 'fresh', s.event_id, s.session_durability::text, s.deliver_before, s.status::text,
    case when s.status <> 'in_progress' then lastcall.uuid7_time(s.event_id) end, s.real_priority, s.matched, s.expanding,
    case when s.status <> 'in_progress' then (select w.client_key from lastcall.completion_webhooks w
        where w.issuer_key = s.issuer_key) end,
    p.ordinal, p.kind, p.client_key, p.deliver_before, case when s.by_filter then p.client_id end, case when s.by_filter then p.sub end,
    case when s.by_filter then p.sid end
from summed s left join placed p on p.ord = s.ord
order by s.ord, p.ordinal;

if bulk_events is not null then
    insert into lastcall.operations (issuer_key, kind, event_id, filter, parameters, actor, created_at)
    select issuer_keys[b.ord], 'expand', event_ids[b.ord], scopes[b.ord],
        jsonb_strip_nulls(jsonb_build_object('deliver_before', coalesce(befores[b.ord], now() + within_seconds[b.ord] * interval '1 second'),
            'expired_only', case when expired_only[b.ord] then true end)),
        actors[b.ord], clock_timestamp()
    from unnest(bulk_events) b(ord) join lastcall.issuers s on s.issuer_key = issuer_keys[b.ord];
end if;

if has_keys or 'deadline' = any(outcomes) then
    return query
    select i.ord, i.outcome, i.event_id, null::text, null::timestamptz, null::text, null::timestamptz, null::text, null::int, null::boolean,
        null::int, null::int, null::text, null::int, null::timestamptz, null::text, null::text, null::text
    from rows from (generate_subscripts(event_ids, 1), unnest(issuer_keys), unnest(event_ids), unnest(outcomes))
        as i(ord, issuer_key, event_id, outcome)
    join lastcall.issuers s on s.issuer_key = i.issuer_key
    where i.outcome <> 'fresh' order by i.ord;
end if;
end $$;
