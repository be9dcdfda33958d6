-- What sql/migrations comes to, as pg_dump 15 writes it, without the tables of single days: for reviewers.
-- A test compares the two; scripts/schema writes this file.

CREATE SCHEMA lastcall;

CREATE TYPE lastcall.attempt_outcome AS ENUM (
    'delivered',
    'rejected',
    'redirect_refused',
    'blocked_address',
    'timeout',
    'unreachable',
    'dns_failure',
    'tls_failure',
    'server_error',
    'rate_limited',
    'protocol_error',
    'signing_failed',
    'local_error',
    'unknown'
);

CREATE TYPE lastcall.audit_type AS ENUM (
    'logout.accepted',
    'bcl.no_sessions_for_subject',
    'bcl.client_not_covered',
    'logout.back_channel.attempted',
    'logout.back_channel.delivered',
    'logout.back_channel.failed',
    'logout.back_channel.expired',
    'logout.back_channel.cancelled',
    'logout.back_channel.redelivered',
    'logout.ended',
    'session.expired',
    'client.registered',
    'client.changed',
    'client.deleted',
    'client.held',
    'client.released',
    'client.probed',
    'breaker.opened',
    'breaker.closed',
    'signing_key.created',
    'signing_key.activated',
    'signing_key.retired',
    'issuer.changed',
    'api_key.created',
    'api_key.revoked',
    'webhook.failed'
);

CREATE TYPE lastcall.client_kind AS ENUM (
    'relying_party',
    'completion_webhook'
);

CREATE TYPE lastcall.delivery_status AS ENUM (
    'pending',
    'delivering',
    'retrying',
    'held',
    'delivered',
    'failed',
    'expired',
    'cancelled',
    'not_covered'
);

CREATE TYPE lastcall.durability AS ENUM (
    'volatile',
    'durable'
);

CREATE TYPE lastcall.end_reason AS ENUM (
    'rejected',
    'redirect_refused',
    'blocked_address',
    'attempts_exhausted',
    'client_not_found',
    'session_required_no_sid',
    'no_backchannel_logout_uri',
    'deadline_passed',
    'superseded_by_new_session',
    'cancelled_by_operator'
);

CREATE TYPE lastcall.event_status AS ENUM (
    'in_progress',
    'completed',
    'partial',
    'failed',
    'no_targets',
    'cancelled'
);

CREATE TYPE lastcall.initiator AS ENUM (
    'rp-logout',
    'idp-logout',
    'password-changed',
    'session-expired',
    'session-revoked',
    'account-deleted',
    'account-deactivated',
    'email-identifier-changed',
    'mfa-phone-unenrolled'
);

CREATE TYPE lastcall.key_stage AS ENUM (
    'next',
    'active',
    'retired'
);

CREATE TYPE lastcall.operation_kind AS ENUM (
    'expand',
    'cancel',
    'redeliver'
);

CREATE TYPE lastcall.operation_status AS ENUM (
    'running',
    'done',
    'cancelled'
);

CREATE TYPE lastcall.priority AS ENUM (
    'interactive',
    'bulk'
);

CREATE TYPE lastcall.session_expiry AS ENUM (
    'ignore',
    'logout'
);

CREATE TYPE lastcall.severity AS ENUM (
    'info',
    'notice',
    'warning',
    'error'
);

CREATE FUNCTION lastcall.accept(issuer_keys integer[], key_hashes bytea[], scopes jsonb[], initiators text[], initiating_client_ids text[], excludes boolean[], durabilities text[], within_seconds double precision[], befores timestamp with time zone[], trace_ids text[], actors text[], priorities text[], expired_only boolean[], target_events integer[], target_ordinals integer[], target_client_ids text[], target_subs text[], target_sids text[], usual_within double precision) RETURNS TABLE(ord integer, outcome text, event_id uuid, session_durability text, deliver_before timestamp with time zone, status text, ended_at timestamp with time zone, priority text, matched integer, expanding boolean, webhook_lane integer, ordinal integer, kind text, client_key integer, delivery_deliver_before timestamp with time zone, client_id text, sub text, sid text)
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

CREATE FUNCTION lastcall.acting_issuer() RETURNS integer
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    select nullif(current_setting('lastcall.issuer', true), '')::int
$$;

CREATE FUNCTION lastcall.uuid7(at timestamp with time zone DEFAULT clock_timestamp()) RETURNS uuid
    LANGUAGE plpgsql PARALLEL SAFE
    AS $$
declare
    us bigint := extract(epoch from at) * 1000000;
begin
    return encode(int8send(((us / 1000) << 16) | 28672 | ((us % 1000) * 4096 / 1000))
        || substring(uuid_send(gen_random_uuid()) from 9), 'hex')::uuid;
end $$;

CREATE TABLE lastcall.audit_events (
    audit_id uuid DEFAULT lastcall.uuid7() NOT NULL,
    issuer_key integer NOT NULL,
    type lastcall.audit_type NOT NULL,
    severity lastcall.severity NOT NULL,
    subject_id uuid,
    session_durability lastcall.durability,
    client_id text COLLATE pg_catalog."C",
    actor text NOT NULL COLLATE pg_catalog."C",
    data jsonb,
    xact xid8 DEFAULT pg_current_xact_id() NOT NULL
)
PARTITION BY RANGE (audit_id);

CREATE FUNCTION lastcall.audit_canonical(e lastcall.audit_events) RETURNS bytea
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    select convert_to(e.audit_id::text, 'UTF8') || '\x1f'::bytea || convert_to(e.type::text, 'UTF8')
        || '\x1f'::bytea || convert_to(e.severity::text, 'UTF8')
        || '\x1f'::bytea || coalesce(convert_to(e.subject_id::text, 'UTF8'), '\x00'::bytea)
        || '\x1f'::bytea || coalesce(convert_to(e.session_durability::text, 'UTF8'), '\x00'::bytea)
        || '\x1f'::bytea || coalesce(convert_to(e.client_id, 'UTF8'), '\x00'::bytea)
        || '\x1f'::bytea || convert_to(e.actor, 'UTF8')
        || '\x1f'::bytea || coalesce(convert_to(e.data::text, 'UTF8'), '\x00'::bytea)
$$;

CREATE FUNCTION lastcall.audit_genesis(issuer_key integer) RETURNS bytea
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    select sha256(convert_to('lastcall audit trail ' || issuer_key, 'UTF8'))
$$;

CREATE FUNCTION lastcall.breaker_state(trips integer, open_until timestamp with time zone) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    select case when trips = 0 then 'closed' when open_until > now() then 'open' else 'half_open' end
$$;

CREATE FUNCTION lastcall.checkpoints() RETURNS TABLE(timed bigint, requested bigint, since timestamp with time zone)
    LANGUAGE plpgsql STABLE
    AS $$
begin
    if current_setting('server_version_num')::int >= 170000 then
        return query execute 'select num_timed, num_requested, stats_reset from pg_catalog.pg_stat_checkpointer';
    else
        return query execute 'select checkpoints_timed, checkpoints_req, stats_reset from pg_catalog.pg_stat_bgwriter';
    end if;
end $$;

CREATE FUNCTION lastcall.close_sql_door(role name) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    execute format('revoke usage on schema lastcall from %I', role);
    execute format('revoke execute on function lastcall.enqueue_logout(text, jsonb, text), '
        'lastcall.record_participation(text, jsonb), lastcall.end_participation(text, text, text, text) from %I', role);
end $$;

CREATE FUNCTION lastcall.day_is_past(parent text, day date, installation_days integer, is_last_look boolean) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $_$
declare
    child constant text := parent || '_' || to_char(day, 'YYYYMMDD');
    low constant uuid := lastcall.uuid7_floor(day::timestamp at time zone 'utc');
    high constant uuid := lastcall.uuid7_floor((day + 1)::timestamp at time zone 'utc');
    present constant int[] := array(select lastcall.issuers_in(child));
    has_unsealed boolean;
begin
    if exists (select from unnest(present) i(issuer_key) where lastcall.retention_cut(i.issuer_key, installation_days) < high) then
        return false;
    end if;
    if parent <> 'audit_events' then
        return not exists (select from lastcall.holding(low, high)) and (parent = 'deliveries' or not is_last_look
            or not exists (select from lastcall.deliveries d where d.delivery_id >= low and d.delivery_id < high));
    end if;
    -- An audit event is at most as old as what it is about, and may be much younger.
    if exists (select from lastcall.holding('00000000-0000-0000-0000-000000000000', high) h(issuer_key) where h.issuer_key = any(present)) then
        return false;
    end if;
    execute format('select exists (select from unnest($1) i(issuer_key)
        left join lateral (select s.last_xact, s.last_id from lastcall.audit_seals s where s.issuer_key = i.issuer_key
            order by s.number desc limit 1) s on true
        where s.last_id is null
            or exists (select from lastcall.%I e where e.issuer_key = i.issuer_key and (e.xact, e.audit_id) > (s.last_xact, s.last_id)))', child)
        into has_unsealed using present;
    return not has_unsealed;
end $_$;

CREATE FUNCTION lastcall.delete_past(parent text, day date, from_block bigint, blocks integer, installation_days integer, lock_milliseconds integer) RETURNS TABLE(deleted integer, has_more boolean, is_busy boolean)
    LANGUAGE plpgsql
    SET enable_seqscan TO 'on'
    AS $_$
declare
    child constant text := parent || coalesce('_' || to_char(day, 'YYYYMMDD'), '_default');
    key constant text := (select h.key from lastcall.history_tables() h where h.parent = delete_past.parent);
    high constant uuid := coalesce(lastcall.uuid7_floor((day + 1)::timestamp at time zone 'utc'), 'ffffffff-ffff-ffff-ffff-ffffffffffff');
    size bigint;
    touched int[];
begin
    if not pg_try_advisory_xact_lock(hashtextextended('lastcall.retention', 0)) then
        return;
    end if;
    if key is null or to_regclass(format('lastcall.%I', child)) is null then
        return query select 0, false, false;
        return;
    end if;
    size := pg_relation_size(format('lastcall.%I', child)::regclass) / current_setting('block_size')::bigint;
    perform set_config('lock_timeout', lock_milliseconds || 'ms', true);
    execute format('with there as materialized (
            select t.ctid as place, t.issuer_key, t.%4$I as id, %2$s as event, %3$s as is_settled
            from lastcall.%1$I t where t.ctid >= $1 and t.ctid < $2
        ), cuts as materialized (
            select i.issuer_key, lastcall.retention_cut(i.issuer_key, $3) as cut from (select distinct issuer_key from there) i
        ), seen as materialized (
            select t.* from there t join cuts c on c.issuer_key = t.issuer_key where t.id < c.cut
        ), events as materialized (
            select e.issuer_key, e.event, lastcall.is_held(e.issuer_key, e.event) %5$s as stays
            from (select distinct s.issuer_key, s.event from seen s where s.event is not null) e
        ), gone as (
            delete from lastcall.%1$I t using seen s left join events e on e.issuer_key = s.issuer_key and e.event = s.event
            where t.ctid = s.place and s.is_settled and not coalesce(e.stays, false)
            returning t.issuer_key
        )
        select count(*)::int, array(select distinct g.issuer_key from gone g) from gone',
        child,
        case parent when 'audit_events' then 'lastcall.event_of(t.subject_id)' else format('lastcall.event_of(t.%I)', key) end,
        case parent when 'audit_events' then '(t.xact, t.audit_id) <= (select s.last_xact, s.last_id from lastcall.audit_seals s
            where s.issuer_key = t.issuer_key order by s.number desc limit 1)' else 'true' end,
        key,
        case when parent in ('audit_events', 'deliveries') then '' else 'or exists (select from lastcall.deliveries d where d.issuer_key = e.issuer_key
            and d.delivery_id >= e.event and d.delivery_id <= lastcall.delivery_id(e.event, 16777215))' end)
        into deleted, touched using format('(%s,0)', from_block)::tid, format('(%s,0)', from_block + blocks)::tid, installation_days;
    if parent = 'audit_events' and deleted > 0 then
        perform lastcall.mark_audit(touched, high, installation_days);
    end if;
    return query select deleted, from_block + blocks < size, false;
exception
    when lock_not_available or deadlock_detected then
        return query select 0, from_block + blocks < size, true;
end $_$;

CREATE FUNCTION lastcall.delivery_id(event_id uuid, ordinal integer) RETURNS uuid
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select encode(overlay(uuid_send(event_id) placing substring(int4send(ordinal) from 2) from 14), 'hex')::uuid
$$;

CREATE FUNCTION lastcall.drop_day(parent text, day date, installation_days integer, lock_milliseconds integer) RETURNS text
    LANGUAGE plpgsql
    AS $$
declare
    child constant text := parent || '_' || to_char(day, 'YYYYMMDD');
    high constant uuid := lastcall.uuid7_floor((day + 1)::timestamp at time zone 'utc');
begin
    if not pg_try_advisory_xact_lock(hashtextextended('lastcall.retention', 0)) then
        return null;
    end if;
    if not exists (select from lastcall.history_tables() h where h.parent = drop_day.parent) or to_regclass(format('lastcall.%I', child)) is null then
        return 'gone';
    end if;
    perform set_config('lock_timeout', lock_milliseconds || 'ms', true);
    -- The parent first, as whoever reads or writes does.
    execute format('lock table lastcall.%I in access exclusive mode', parent);
    execute format('lock table lastcall.%I in access exclusive mode', child);
    -- Looked at again: until now a redelivery could still take something out of it.
    if not lastcall.day_is_past(parent, day, installation_days, true) then
        return 'kept';
    end if;
    if parent = 'audit_events' then
        perform lastcall.mark_audit(array(select lastcall.issuers_in(child)), high, installation_days);
    end if;
    execute format('drop table lastcall.%I', child);
    return 'dropped';
exception
    when lock_not_available or deadlock_detected then
        return 'busy';
end $$;

CREATE FUNCTION lastcall.drop_seals(after integer, most integer) RETURNS TABLE(issuer_key integer, dropped integer)
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
declare
    mark lastcall.audit_marks;
    last record;
begin
    if not pg_try_advisory_xact_lock(hashtextextended('lastcall.retention', 0)) then
        return;
    end if;
    for mark in select * from lastcall.audit_marks m where m.issuer_key > after order by m.issuer_key loop
        select s.number, s.hash into last
        from (
            -- What was sealed before then is older than that.
            select s.number, s.hash, s.last_xact, s.last_id,
                bool_and(lastcall.uuid7_floor(s.sealed_at) <= mark.kept_from) over (order by s.number) as is_past
            from lastcall.audit_seals s
            where s.issuer_key = mark.issuer_key and s.number > mark.seal_number
                and s.number < (select max(n.number) from lastcall.audit_seals n where n.issuer_key = mark.issuer_key)
            order by s.number limit most) s
        where s.is_past and not exists (select from lastcall.audit_events e
                where e.issuer_key = mark.issuer_key and (e.xact, e.audit_id) <= (s.last_xact, s.last_id))
        order by s.number desc limit 1;
        continue when last is null;
        return query with gone as (
            delete from lastcall.audit_seals s where s.issuer_key = mark.issuer_key and s.number <= last.number returning s.number)
            select mark.issuer_key, count(*)::int from gone;
        update lastcall.audit_marks m set seal_number = last.number, seal_hash = last.hash where m.issuer_key = mark.issuer_key;
        return;
    end loop;
end $$;

CREATE FUNCTION lastcall.end_if_over(of_issuer integer, of_event uuid) RETURNS void
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    with over as (
        update lastcall.logout_events e
        set status = lastcall.event_end(e.matched, e.excluded, e.not_covered, e.delivered, e.cancelled), ended_at = clock_timestamp(),
            end_count = e.end_count + 1
        where e.issuer_key = of_issuer and e.event_id = of_event and e.open_count = 0 and not e.expanding and e.status = 'in_progress'
        returning e.*
    ),
    webhook as (
        insert into lastcall.delivery_queue (delivery_id, issuer_key, client_key, due_at, deliver_before)
        select lastcall.webhook_id(o.event_id, o.end_count), o.issuer_key, w.client_key, clock_timestamp(), clock_timestamp() + w.deliver_within
        from over o join lastcall.completion_webhooks w on w.issuer_key = o.issuer_key
    )
    insert into lastcall.audit_events (issuer_key, type, severity, subject_id, session_durability, actor, data)
    select o.issuer_key, 'logout.ended', lastcall.severity_of('logout.ended', o.session_durability), o.event_id, o.session_durability,
        'system', jsonb_build_object('status', o.status) from over o
$$;

CREATE FUNCTION lastcall.end_of_deliveries(event_id uuid) RETURNS uuid
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select lastcall.delivery_id(event_id, 16711680)
$$;

CREATE FUNCTION lastcall.end_participation(issuer text, session_id text, client_id text, sid text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    if not exists (select from lastcall.end_recorded(array[lastcall.issuer_named(issuer)], array[session_id], array[client_id], array[sid])) then
        perform lastcall.refuse('LC404', 'not_found', 'There is no such participation.');
    end if;
end $$;

CREATE FUNCTION lastcall.end_recorded(issuer_keys integer[], session_ids text[], client_ids text[], sids text[]) RETURNS TABLE(ord integer, ended integer)
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
begin
    return query
    with given as materialized (
        select g.ord, g.issuer_key, g.session_id, c.client_key, g.sid
        from unnest(issuer_keys, session_ids, client_ids, sids) with ordinality as g(issuer_key, session_id, client_id, sid, ord)
        join lastcall.clients c
            on c.issuer_key = g.issuer_key and c.client_id = g.client_id and c.deleted_at is null and c.kind = 'relying_party'
    ),
    locked as materialized (
        select p.participation_key, g.ord
        from given g join lastcall.participations p
            on p.issuer_key = g.issuer_key and p.session_id = g.session_id and p.client_key = g.client_key and (g.sid is null or p.sid = g.sid)
        order by p.issuer_key, p.session_id, p.client_key, p.sid
        for update of p
    ),
    gone as (
        delete from lastcall.participations p using (select distinct participation_key from locked) l
        where p.participation_key = l.participation_key returning p.participation_key
    )
    select f.ord::int, count(*)::int
    from (select distinct on (l.participation_key) l.participation_key, l.ord from locked l join gone using (participation_key)
        order by l.participation_key, l.ord) f
    group by f.ord;
end $$;

CREATE FUNCTION lastcall.enqueue_logout(issuer text, event jsonb, idempotency_key text DEFAULT NULL::text) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    of_issuer int := lastcall.issuer_named(issuer);
    filter jsonb := '{}';
    member text;
    number int := 0;
    clients text[];
    subs text[];
    sids text[];
    initiator text;
    initiating text;
    durability text;
    priority text;
    within_seconds float8;
    before timestamptz;
    answer record;
begin
    perform lastcall.require_members(event, array['targets', 'session_id', 'sid', 'sub', 'user_id', 'user_agent_id', 'client_id', 'initiator',
        'initiating_client_id', 'exclude_initiating_client', 'session_durability', 'deliver_before', 'deliver_within_seconds', 'priority']);
    if octet_length(event::text) > 1048576 then
        perform lastcall.refuse('LC400', 'too_large', 'An event is at most 1 MiB.');
    end if;
    if idempotency_key is not null and idempotency_key !~ '^[\u0021-\u007e]{1,255}$' then
        perform lastcall.refuse('LC400', 'invalid_request', 'An idempotency key is 1 to 255 visible ASCII characters.');
    end if;

    foreach member in array array['session_id', 'sid', 'sub', 'user_id', 'user_agent_id', 'client_id'] loop
        if lastcall.identifier_of(event, member) is not null then
            filter := filter || jsonb_build_object(member, event ->> member);
        end if;
    end loop;
    if event ? 'targets' then
        if filter <> '{}' then
            perform lastcall.refuse('LC400', 'invalid_scope', 'The scope is either targets or a filter, not both.');
        end if;
        select t.clients, t.subs, t.sids into clients, subs, sids from lastcall.targets_of(event -> 'targets') t;
        number := cardinality(clients);
    elsif filter = '{}' then
        perform lastcall.refuse('LC400', 'invalid_scope', 'The scope is missing: send targets, or a filter such as session_id.');
    end if;

    initiator := coalesce(lastcall.word_of(event, 'initiator', enum_range(null::lastcall.initiator)::text[]), 'idp-logout');
    initiating := lastcall.identifier_of(event, 'initiating_client_id');
    durability := lastcall.word_of(event, 'session_durability', array['durable', 'volatile']);
    priority := coalesce(lastcall.word_of(event, 'priority', array['interactive', 'bulk']), 'interactive');
    before := lastcall.time_of(event, 'deliver_before');
    if coalesce(jsonb_typeof(event -> 'exclude_initiating_client'), 'null') not in ('boolean', 'null') then
        perform lastcall.refuse('LC400', 'invalid_request', 'exclude_initiating_client must be true or false.', '/exclude_initiating_client');
    elsif (event ->> 'exclude_initiating_client')::boolean and initiating is null then
        perform lastcall.refuse('LC400', 'invalid_request', 'exclude_initiating_client needs initiating_client_id.',
            '/exclude_initiating_client');
    end if;
    if event ->> 'deliver_within_seconds' is not null then
        if jsonb_typeof(event -> 'deliver_within_seconds') <> 'number' or event ->> 'deliver_within_seconds' !~ '^[0-9]{1,7}$'
                or (event ->> 'deliver_within_seconds')::int not between 1 and 2592000 then
            perform lastcall.refuse('LC400', 'invalid_request', 'deliver_within_seconds must be an integer from 1 to 2592000.',
                '/deliver_within_seconds');
        elsif before is not null then
            perform lastcall.refuse('LC400', 'invalid_request', 'deliver_before and deliver_within_seconds exclude each other.',
                '/deliver_before');
        end if;
        within_seconds := (event ->> 'deliver_within_seconds')::float8;
    end if;

    for attempt in 1..3 loop
        select * into answer from lastcall.accept(array[of_issuer], array[sha256(convert_to(idempotency_key, 'UTF8'))],
            array[case when event ? 'targets' then jsonb_build_object('targets', number) else filter end], array[initiator],
            array[initiating], array[coalesce((event ->> 'exclude_initiating_client')::boolean, false)], array[durability],
            array[within_seconds], array[before], array[null::text], array['sql'::text],
            array[case when number > 1000 then 'bulk' else priority end], array[false], array_fill(1, array[number]),
            array(select generate_series(1, number)), clients, subs, sids, 86400) limit 1;
        case answer.outcome
            when 'fresh', 'replay' then return answer.event_id;
            when 'conflict' then perform lastcall.refuse('LC409', 'idempotency_conflict', 'Another event was accepted under this idempotency key.');
            when 'deadline' then perform lastcall.refuse('LC400', 'invalid_request',
                'deliver_before must not be past, nor more than 30 days away.', '/deliver_before');
            else null;
        end case;
    end loop;
    raise exception 'an event under the same idempotency key was accepted meanwhile: repeat the transaction'
        using errcode = 'serialization_failure';
end $_$;

CREATE FUNCTION lastcall.event_end(matched integer, excluded integer, not_covered integer, delivered integer, cancelled integer) RETURNS lastcall.event_status
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select case
        when matched = not_covered then 'no_targets'
        when delivered = matched - excluded - not_covered then 'completed'
        when delivered > 0 then 'partial'
        when cancelled = matched - excluded - not_covered then 'cancelled'
        else lastcall.event_status 'failed' end
$$;

CREATE FUNCTION lastcall.event_id_at(tick bigint) RETURNS uuid
    LANGUAGE sql PARALLEL SAFE
    AS $$
    select encode(int8send(((tick >> 12) << 16) | 28672 | (tick & 4095)) || substring(uuid_send(gen_random_uuid()) from 9 for 5)
        || '\x000000'::bytea, 'hex')::uuid
$$;

CREATE FUNCTION lastcall.event_of(delivery_id uuid) RETURNS uuid
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select encode(overlay(uuid_send(delivery_id) placing '\x000000'::bytea from 14), 'hex')::uuid
$$;

CREATE FUNCTION lastcall.event_under_key(key_hash bytea) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET enable_seqscan TO 'off'
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select k.event_id from lastcall.idempotency_keys k
    where k.issuer_key = lastcall.acting_issuer() and k.key_hash = event_under_key.key_hash
    order by k.day desc limit 1
$$;

CREATE FUNCTION lastcall.events_naming(session_id text, user_id text, user_agent_id text, before uuid, at_least uuid, most integer) RETURNS TABLE(event_id uuid)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 10
    SET enable_seqscan TO 'off'
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    of_issuer constant int := lastcall.acting_issuer();
begin
    if events_naming.session_id is not null then
        return query select e.event_id from lastcall.logout_events e
            where e.issuer_key = of_issuer and (e.scope ->> 'session_id') collate "C" = events_naming.session_id
                and (before is null or e.event_id < before) and (at_least is null or e.event_id >= at_least)
            order by e.event_id desc limit most;
    elsif events_naming.user_id is not null then
        return query select e.event_id from lastcall.logout_events e
            where e.issuer_key = of_issuer and (e.scope ->> 'user_id') collate "C" = events_naming.user_id
                and (before is null or e.event_id < before) and (at_least is null or e.event_id >= at_least)
            order by e.event_id desc limit most;
    elsif events_naming.user_agent_id is not null then
        return query select e.event_id from lastcall.logout_events e
            where e.issuer_key = of_issuer and (e.scope ->> 'user_agent_id') collate "C" = events_naming.user_agent_id
                and (before is null or e.event_id < before) and (at_least is null or e.event_id >= at_least)
            order by e.event_id desc limit most;
    end if;
end $$;

CREATE FUNCTION lastcall.expand_step(size integer, usual_within double precision) RETURNS integer[]
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    op lastcall.operations;
    event lastcall.logout_events;
    of_client int;
    keys bigint[];
    last_key bigint;
    last_client int;
    placed_count int;
    tally record;
    lanes int[];
begin
    select o.* into op from lastcall.operations o
    where o.kind = 'expand' and o.status = 'running' and o.due_at <= now() order by o.due_at for update skip locked limit 1;
    if not found then
        return null;
    end if;
    select e.* into event from lastcall.logout_events e where e.issuer_key = op.issuer_key and e.event_id = op.event_id;
    if not found then   -- its issuer is gone
        update lastcall.operations o set status = 'cancelled', ended_at = now() where o.operation_id = op.operation_id;
        return '{}';
    end if;
    if op.filter ? 'client_id' then
        of_client := coalesce((select c.client_key from lastcall.clients c where c.issuer_key = op.issuer_key
            and c.client_id = op.filter ->> 'client_id' and c.deleted_at is null and c.kind = 'relying_party'), -1);
    end if;
    if of_client is not null and op.filter - 'client_id' = '{}' then
        -- Everyone at one RP may be millions: read in the order of the index, from where the last step ended.
        keys := array(select p.participation_key from lastcall.participations p
            where p.client_key = of_client and p.participation_key > op.cursor_key and p.created_at <= op.created_at
            order by p.participation_key limit size);
    elsif op.filter ? 'sub' and op.filter - 'sub' = '{}' then
        -- So may those of one sub: sorting what is left of them at each step would cost its square.
        select array_agg(p.participation_key order by p.client_key, p.participation_key), max(p.client_key) into keys, last_client from (
            select p.client_key, p.participation_key from lastcall.participations p
            where p.issuer_key = op.issuer_key and p.sub = op.filter ->> 'sub' and p.created_at <= op.created_at
                and (p.client_key, p.participation_key) > (op.cursor_client, op.cursor_key)
            order by p.client_key, p.participation_key limit size) p;
    else
        keys := array(select p.participation_key
            from lastcall.matching(op.issuer_key, op.filter ->> 'session_id', op.filter ->> 'sid', op.filter ->> 'sub',
                op.filter ->> 'user_id', op.filter ->> 'user_agent_id', of_client) p
            where p.issuer_key = op.issuer_key and p.participation_key > op.cursor_key and p.created_at <= op.created_at
                and (not op.parameters ? 'expired_only' or p.expires_at <= now())
            order by p.participation_key limit size);
    end if;
    last_key := keys[cardinality(keys)];

    with locked as materialized (
        select p.* from unnest(keys) k(participation_key) join lastcall.participations p on p.participation_key = k.participation_key
        where not op.parameters ? 'expired_only' or p.expires_at <= now()
        order by p.issuer_key, p.session_id, p.client_key, p.sid for update of p
    ),
    gone as (delete from lastcall.participations p using locked l where p.participation_key = l.participation_key),
    placed as materialized (
        select p.sub, p.sid, p.user_id, c.client_id, case when c.deleted_at is null then c.client_key end as client_key,
            lastcall.delivery_id(op.event_id, event.matched + row_number() over (order by p.participation_key)::int) as delivery_id,
            case when event.exclude_initiating_client and c.client_id = event.initiating_client_id then 'excluded'
                else lastcall.placement(case when c.deleted_at is null then c.client_key end, c.backchannel_logout_uri,
                    c.backchannel_logout_session_required, c.held_at, p.sid) end as kind,
            coalesce((op.parameters ->> 'deliver_before')::timestamptz,
                now() + (c.delivery ->> 'deliver_within_seconds')::float8 * interval '1 second',
                now() + coalesce((i.delivery ->> 'deliver_within_seconds')::float8, usual_within) * interval '1 second') as deliver_before
        from locked p join lastcall.clients c on c.client_key = p.client_key join lastcall.issuers i on i.issuer_key = op.issuer_key
    ),
    subjects as (
        insert into lastcall.event_subjects (issuer_key, subject, event_id)
        select op.issuer_key, s.subject, op.event_id from (select sub as subject from placed union select user_id from placed) s
        where s.subject is not null order by s.subject on conflict do nothing
    ),
    queued as (
        insert into lastcall.delivery_queue (delivery_id, issuer_key, client_key, priority, due_at, deliver_before, sub, sid)
        select p.delivery_id, op.issuer_key, p.client_key, event.priority, clock_timestamp(), p.deliver_before, p.sub, p.sid
        from placed p where p.kind in ('queued', 'held')
    ),
    ended as (
        insert into lastcall.deliveries
            (delivery_id, issuer_key, client_key, status, reason, ended_at, deliver_before, client_id, sub, sid)
        select p.delivery_id, op.issuer_key, p.client_key, lastcall.status_of(p.kind::lastcall.end_reason),
            p.kind::lastcall.end_reason, now(), p.deliver_before, p.client_id, p.sub, p.sid
        from placed p where p.kind not in ('queued', 'held', 'excluded')
    ),
    audit as (
        insert into lastcall.audit_events (issuer_key, type, severity, subject_id, session_durability, client_id, actor, data)
        select op.issuer_key, n.type, lastcall.severity_of(n.type, event.session_durability), n.delivery_id, event.session_durability,
            n.client_id, op.actor, jsonb_build_object('reason', n.kind)
        from (
            select p.*, case p.kind when 'no_backchannel_logout_uri' then 'bcl.client_not_covered'
                else 'logout.back_channel.failed' end::lastcall.audit_type as type
            from placed p where p.kind not in ('queued', 'held', 'excluded') order by p.delivery_id) n
    )
    select count(*)::int as matched, count(*) filter (where p.kind in ('queued', 'held'))::int as open,
        count(*) filter (where p.kind in ('client_not_found', 'session_required_no_sid'))::int as failed,
        count(*) filter (where p.kind = 'no_backchannel_logout_uri')::int as not_covered,
        count(*) filter (where p.kind = 'excluded')::int as excluded,
        array_agg(distinct p.client_key) filter (where p.kind = 'queued') as lanes
    into tally from placed p;
    placed_count := coalesce(cardinality(keys), 0);

    update lastcall.logout_events e
    set matched = e.matched + tally.matched, open_count = e.open_count + tally.open, failed = e.failed + tally.failed,
        not_covered = e.not_covered + tally.not_covered, excluded = e.excluded + tally.excluded, expanding = placed_count >= size
    where e.issuer_key = op.issuer_key and e.event_id = op.event_id;
    update lastcall.operations o
    set done = o.done + tally.matched, matched = o.matched + tally.matched, cursor_key = coalesce(last_key, o.cursor_key),
        cursor_client = coalesce(last_client, o.cursor_client), due_at = now(),
        status = case when placed_count < size then 'done' else 'running' end::lastcall.operation_status,
        ended_at = case when placed_count < size then now() end
    where o.operation_id = op.operation_id;
    if placed_count < size then
        perform lastcall.end_if_over(op.issuer_key, op.event_id);
    end if;
    return coalesce(tally.lanes, '{}');
end $$;

CREATE FUNCTION lastcall.expire_step(size integer, usual_within double precision, OUT looked_at integer, OUT removed integer, OUT lanes integer[]) RETURNS record
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    due bigint[];
begin
    looked_at := 0;
    removed := 0;
    lanes := '{}';
    if not pg_try_advisory_xact_lock(hashtextextended('lastcall.expire_step', 0)) then
        return;
    end if;
    due := array(select p.participation_key from lastcall.participations p where p.check_at <= now() order by p.check_at limit size);
    looked_at := cardinality(due);

    -- Renewed since: look again when they are over.
    update lastcall.participations p set check_at = p.expires_at
    from (select r.participation_key from unnest(due) k(key) join lastcall.participations r on r.participation_key = k.key
        where r.expires_at > now() or r.expires_at is null for update of r skip locked) renewed
    where p.participation_key = renewed.participation_key;

    with quiet as (
        delete from lastcall.participations p
        using (select r.participation_key from unnest(due) k(key) join lastcall.participations r on r.participation_key = k.key
            join lastcall.clients c on c.client_key = r.client_key join lastcall.issuers i on i.issuer_key = r.issuer_key
            where r.expires_at <= now() and (i.session_expiry = 'ignore' or c.deleted_at is not null) for update of r skip locked) over
        where p.participation_key = over.participation_key returning 1
    )
    select count(*)::int into removed from quiet;

    -- Those of deleted clients have nobody left to tell.
    with gone as (
        delete from lastcall.participations p
        using (select r.participation_key from lastcall.clients c join lastcall.participations r on r.client_key = c.client_key
            where c.deleted_at is not null limit size for update of r skip locked) over
        where p.participation_key = over.participation_key returning 1
    )
    select removed + count(*)::int into removed from gone;

    with sessions as (
        select distinct p.issuer_key, p.session_id
        from unnest(due) k(key) join lastcall.participations p on p.participation_key = k.key
        join lastcall.issuers i on i.issuer_key = p.issuer_key
        where p.expires_at <= now() and i.session_expiry = 'logout'
        order by p.issuer_key, p.session_id
    ),
    arrays as (
        select array_agg(issuer_key) as issuers, array_agg(jsonb_build_object('session_id', session_id)) as scopes, count(*)::int as n
        from sessions
    )
    select coalesce(array_agg(distinct r.client_key) filter (where r.kind = 'queued'), '{}') into lanes
    from arrays a, lastcall.accept(a.issuers, array_fill(null::bytea, array[a.n]), a.scopes, array_fill('session-expired'::text, array[a.n]),
        array_fill(null::text, array[a.n]), array_fill(false, array[a.n]), array_fill(null::text, array[a.n]),
        array_fill(null::float8, array[a.n]), array_fill(null::timestamptz, array[a.n]), array_fill(null::text, array[a.n]),
        array_fill('system'::text, array[a.n]), array_fill('interactive'::text, array[a.n]), array_fill(true, array[a.n]),
        '{}', '{}', '{}', '{}', '{}', usual_within) r
    where a.n > 0;
end $$;

CREATE FUNCTION lastcall.forget_issuers(most integer) RETURNS integer
    LANGUAGE sql
    AS $$
    with past as materialized (
        select p.issuer_key from lastcall.past_issuers p
        where p.deleted_at < now() - (p.retention_days + 1) * interval '1 day'
            and not exists (select from lastcall.audit_events e where e.issuer_key = p.issuer_key)
        order by p.issuer_key limit most
    ), seals as (
        delete from lastcall.audit_seals s using past where s.issuer_key = past.issuer_key
    ), marks as (
        delete from lastcall.audit_marks m using past where m.issuer_key = past.issuer_key
    ), gone as (
        delete from lastcall.past_issuers p using past where p.issuer_key = past.issuer_key returning p.issuer_key
    )
    select count(*)::int from gone
$$;

CREATE FUNCTION lastcall.history_tables() RETURNS TABLE(parent text, key text)
    LANGUAGE sql STABLE
    AS $$
    select c.relname::text, a.attname::text from pg_catalog.pg_partitioned_table p
    join pg_catalog.pg_class c on c.oid = p.partrelid
    join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = p.partattrs[0]
    where c.relnamespace = 'lastcall'::regnamespace and a.atttypid = 'uuid'::regtype
    order by c.relname <> 'deliveries', c.relname
$$;

CREATE FUNCTION lastcall.holding(low uuid, high uuid) RETURNS SETOF integer
    LANGUAGE sql STABLE
    AS $$
    with recursive keys(issuer_key) as (
        select min(q.issuer_key) from lastcall.delivery_queue q
        union all
        select (select min(q.issuer_key) from lastcall.delivery_queue q where q.issuer_key > k.issuer_key)
        from keys k where k.issuer_key is not null
    )
    select k.issuer_key from keys k
    where exists (select from lastcall.delivery_queue q
        where q.issuer_key = k.issuer_key and q.delivery_id >= low and q.delivery_id < high)
    union
    select o.issuer_key from lastcall.operations o
    where o.status = 'running' and ((o.event_id >= low and o.event_id < high)
        or (o.kind = 'redeliver' and coalesce(o.cursor, low) < high
            and coalesce(lastcall.uuid7_floor((o.filter ->> 'created_after')::timestamptz), low) < high
            and coalesce(lastcall.uuid7_floor((o.filter ->> 'created_before')::timestamptz), high) > low))
$$;

CREATE FUNCTION lastcall.identifier_of(object jsonb, member text, at text DEFAULT ''::text) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    value text := object ->> member;
    pointer text := at || '/' || member;
begin
    if value is null then
        return null;
    elsif jsonb_typeof(object -> member) <> 'string' then
        perform lastcall.refuse('LC400', 'invalid_request', member || ' must be a string.', pointer);
    elsif member in ('client_id', 'initiating_client_id') and value !~ '^[\u0020-\u007e]{1,255}$' then
        perform lastcall.refuse('LC400', 'invalid_request', 'A client_id is 1 to 255 visible ASCII characters or spaces.', pointer);
    elsif value = '' or octet_length(convert_to(value, 'UTF8')) > 255 or value ~ '[\u0001-\u001f\u007f-\u009f]' then
        perform lastcall.refuse('LC400', 'invalid_request', 'An identifier is 1 to 255 bytes of UTF-8 without control characters.', pointer);
    end if;
    return value;
end $_$;

CREATE FUNCTION lastcall.is_held(of_issuer integer, event uuid) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
    select exists (select from lastcall.delivery_queue q
            where q.issuer_key = of_issuer and q.delivery_id >= event and q.delivery_id <= lastcall.delivery_id(event, 16777215))
        or exists (select from lastcall.operations o
            where o.issuer_key = of_issuer and o.status = 'running' and (o.event_id = event
                or (o.kind = 'redeliver' and coalesce(lastcall.event_of(o.cursor), event) <= event
                    and coalesce(lastcall.uuid7_floor((o.filter ->> 'created_after')::timestamptz), event) <= event
                    and coalesce(lastcall.uuid7_floor((o.filter ->> 'created_before')::timestamptz) > event, true))))
$$;

CREATE FUNCTION lastcall.is_webhook(delivery_id uuid) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select get_byte(uuid_send(delivery_id), 13) = 255
$$;

CREATE FUNCTION lastcall.issuer_named(name text) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
declare
    found_key int := (select i.issuer_key from lastcall.issuers i where i.name = name);
begin
    if found_key is null then
        perform lastcall.refuse('LC404', 'not_found', 'There is no such issuer.');
    end if;
    return found_key;
end $$;

CREATE FUNCTION lastcall.issuers_in(child text) RETURNS SETOF integer
    LANGUAGE plpgsql STABLE
    AS $_$
begin
    return query execute format('with recursive keys(issuer_key) as (
            select min(issuer_key) from lastcall.%1$I
            union all
            select (select min(t.issuer_key) from lastcall.%1$I t where t.issuer_key > k.issuer_key) from keys k where k.issuer_key is not null)
        select issuer_key from keys where issuer_key is not null', child);
end $_$;

CREATE FUNCTION lastcall.keep_partitions(ahead integer) RETURNS integer
    LANGUAGE plpgsql
    AS $_$
declare
    today date := (now() at time zone 'utc')::date;
    old regclass;
begin
    if not pg_try_advisory_xact_lock(hashtextextended('lastcall.keep_partitions', 0)) then
        return null;
    end if;
    for d in 0 .. ahead + 1 loop
        if lastcall.make_partition(today - 1 + d) then
            return 1;
        end if;
    end loop;
    for old in
        select c.oid::regclass from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'lastcall.idempotency_keys'::regclass
            and c.relname < 'idempotency_keys_' || to_char(today - 2, 'YYYYMMDD') and c.relname ~ '_[0-9]{8}$'
    loop
        execute format('drop table %s', old);
        return 1;
    end loop;
    return 0;
end $_$;

CREATE FUNCTION lastcall.make_partition(d date) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
declare
    part record;
begin
    for part in
        select p.parent, p.parent || '_default' as rest, p.parent || '_' || to_char(d, 'YYYYMMDD') as child, p.key, p.fill,
            case p.key when 'day' then d::text else lastcall.uuid7_floor(d::timestamp at time zone 'utc')::text end as low,
            case p.key when 'day' then (d + 1)::text else lastcall.uuid7_floor((d + 1)::timestamp at time zone 'utc')::text end as high
        from (values ('logout_events', 'event_id', 80), ('deliveries', 'delivery_id', 100), ('attempts', 'delivery_id', 100),
            ('audit_events', 'audit_id', 100), ('event_subjects', 'event_id', 100), ('idempotency_keys', 'day', 100)) p(parent, key, fill)
    loop
        continue when to_regclass('lastcall.' || part.child) is not null;
        execute format('create table lastcall.%I (like lastcall.%I including all) with (fillfactor = %s)',
            part.child, part.parent, part.fill);
        -- A day that writers may be in already: one that has chosen the default partition would be refused once it is attached.
        if d <= (now() at time zone 'utc')::date + 1 then
            execute format('lock table lastcall.%I in access exclusive mode', part.parent);
        end if;
        execute format('lock table lastcall.%I in access exclusive mode', part.rest);
        execute format('with moved as (delete from lastcall.%I where %I >= %L and %I < %L returning *)
            insert into lastcall.%I select * from moved', part.rest, part.key, part.low, part.key, part.high, part.child);
        execute format('alter table lastcall.%I attach partition lastcall.%I for values from (%L) to (%L)',
            part.parent, part.child, part.low, part.high);
        return true;
    end loop;
    return false;
end $$;

CREATE FUNCTION lastcall.mark_audit(of_issuers integer[], below uuid, installation_days integer) RETURNS void
    LANGUAGE sql
    AS $$
    insert into lastcall.audit_marks as m (issuer_key, kept_from)
    select i, least(below, lastcall.retention_cut(i, installation_days)) from unnest(of_issuers) i
    on conflict (issuer_key) do update set kept_from = excluded.kept_from where m.kept_from < excluded.kept_from
$$;

CREATE TABLE lastcall.participations (
    participation_key bigint NOT NULL,
    issuer_key integer NOT NULL,
    client_key integer NOT NULL,
    session_id text NOT NULL COLLATE pg_catalog."C",
    sid text COLLATE pg_catalog."C",
    sub text NOT NULL COLLATE pg_catalog."C",
    user_id text COLLATE pg_catalog."C",
    user_agent_id text COLLATE pg_catalog."C",
    expires_at timestamp with time zone,
    check_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT participations_session_id_check CHECK (((octet_length(session_id) >= 1) AND (octet_length(session_id) <= 255))),
    CONSTRAINT participations_sid_check CHECK (((octet_length(sid) >= 1) AND (octet_length(sid) <= 255))),
    CONSTRAINT participations_sub_check CHECK (((octet_length(sub) >= 1) AND (octet_length(sub) <= 255))),
    CONSTRAINT participations_user_agent_id_check CHECK (((octet_length(user_agent_id) >= 1) AND (octet_length(user_agent_id) <= 255))),
    CONSTRAINT participations_user_id_check CHECK (((octet_length(user_id) >= 1) AND (octet_length(user_id) <= 255)))
)
WITH (fillfactor='85', autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='5000');

CREATE FUNCTION lastcall.matching(of_issuer integer, of_session text, of_sid text, of_sub text, of_user text, of_agent text, of_client integer) RETURNS SETOF lastcall.participations
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    select p.* from (
        select * from lastcall.participations where issuer_key = of_issuer and session_id = of_session
        union all
        select * from lastcall.participations where of_session is null and issuer_key = of_issuer and sid = of_sid
        union all
        select * from lastcall.participations
        where coalesce(of_session, of_sid) is null and issuer_key = of_issuer and user_agent_id = of_agent
        union all
        select * from lastcall.participations
        where coalesce(of_session, of_sid, of_agent) is null and issuer_key = of_issuer and sub = of_sub
        union all
        select * from lastcall.participations
        where coalesce(of_session, of_sid, of_agent, of_sub) is null and issuer_key = of_issuer and user_id = of_user
        union all
        select * from lastcall.participations
        where coalesce(of_session, of_sid, of_agent, of_sub) is null and issuer_key = of_issuer and sub = of_user and user_id is null
        union all
        select * from lastcall.participations
        where coalesce(of_session, of_sid, of_agent, of_sub, of_user) is null and client_key = of_client) p
    where (of_sid is null or p.sid = of_sid) and (of_agent is null or p.user_agent_id = of_agent) and (of_sub is null or p.sub = of_sub)
        and (of_user is null or coalesce(p.user_id, p.sub) = of_user) and (of_client is null or p.client_key = of_client)
$$;

CREATE FUNCTION lastcall.new_event_id() RETURNS uuid
    LANGUAGE sql PARALLEL SAFE
    AS $$
    select encode(overlay(uuid_send(lastcall.uuid7()) placing '\x000000'::bytea from 14), 'hex')::uuid
$$;

CREATE FUNCTION lastcall.open_sql_door(role name) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    execute format('grant usage on schema lastcall to %I', role);
    execute format('grant execute on function lastcall.enqueue_logout(text, jsonb, text), '
        'lastcall.record_participation(text, jsonb), lastcall.end_participation(text, text, text, text) to %I', role);
end $$;

CREATE FUNCTION lastcall.partition_state(count_to integer) RETURNS TABLE(parent text, days_ahead integer, default_rows bigint)
    LANGUAGE plpgsql STABLE
    AS $_$
declare
    today constant date := (now() at time zone 'utc')::date;
    part record;
begin
    for part in
        select c.oid, c.relname::text as name from pg_catalog.pg_partitioned_table p join pg_catalog.pg_class c on c.oid = p.partrelid
        where c.relnamespace = 'lastcall'::regnamespace order by c.relname
    loop
        parent := part.name;
        select min(d.day) - today - 1 into days_ahead
        from (select today + n as day from generate_series(0, 40) n
            except select to_date(right(c.relname, 8), 'YYYYMMDD') from pg_catalog.pg_inherits i
            join pg_catalog.pg_class c on c.oid = i.inhrelid where i.inhparent = part.oid and c.relname ~ '_[0-9]{8}$') d;
        execute format('select count(*) from (select from lastcall.%I limit $1) t', part.name || '_default') into default_rows using count_to;
        return next;
    end loop;
end $_$;

CREATE FUNCTION lastcall.placement(client_key integer, uri text, session_required boolean, held_at timestamp with time zone, sid text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select case when client_key is null then 'client_not_found' when uri is null then 'no_backchannel_logout_uri'
        when session_required and sid is null then 'session_required_no_sid' when held_at is not null then 'held' else 'queued' end
$$;

CREATE FUNCTION lastcall.record(issuer_keys integer[], session_ids text[], client_ids text[], sids text[], subs text[], user_ids text[], user_agent_ids text[], expiries timestamp with time zone[]) RETURNS TABLE(ord integer, outcome text, created_at timestamp with time zone)
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
begin
    return query
    with given as materialized (
        select g.ord, g.issuer_key, g.session_id collate "C" as session_id, c.client_key, g.sid collate "C" as sid, g.sub,
            nullif(g.user_id, g.sub) as user_id, g.user_agent_id, g.expires_at,
            case when c.client_key is null then 'no_client' when g.expires_at <= now() then 'expired' end as refusal
        from unnest(issuer_keys, session_ids, client_ids, sids, subs, user_ids, user_agent_ids, expiries) with ordinality
            as g(issuer_key, session_id, client_id, sid, sub, user_id, user_agent_id, expires_at, ord)
        left join lastcall.clients c
            on c.issuer_key = g.issuer_key and c.client_id = g.client_id and c.deleted_at is null and c.kind = 'relying_party'
    ),
    written as (
        insert into lastcall.participations as p (issuer_key, client_key, session_id, sid, sub, user_id, user_agent_id, expires_at, check_at)
        select issuer_key, client_key, session_id, sid, sub, user_id, user_agent_id, expires_at, expires_at
        from (select distinct on (issuer_key, session_id, client_key, sid) * from given where refusal is null
            order by issuer_key, session_id, client_key, sid, ord desc) last
        order by issuer_key, session_id, client_key, sid
        on conflict (issuer_key, session_id, client_key, sid) do update set sub = excluded.sub, user_id = excluded.user_id,
            user_agent_id = excluded.user_agent_id, expires_at = excluded.expires_at,
            check_at = least(p.check_at, excluded.expires_at), updated_at = clock_timestamp()
        returning p.issuer_key, p.session_id, p.client_key, coalesce(p.sid, '') as sid, p.created_at, p.xmax = 0 as is_new
    )
    select g.ord::int, coalesce(g.refusal, case when w.is_new
            and row_number() over (partition by w.issuer_key, w.session_id, w.client_key, w.sid order by g.ord) = 1
            then 'created' else 'changed' end), w.created_at
    from given g left join written w
        on g.refusal is null and w.issuer_key = g.issuer_key and w.session_id = g.session_id and w.client_key = g.client_key
            and w.sid = coalesce(g.sid, '')
    order by g.ord;
end $$;

CREATE FUNCTION lastcall.record_participation(issuer text, participation jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    of_issuer int := lastcall.issuer_named(issuer);
    member text;
    answer record;
begin
    perform lastcall.require_members(participation,
        array['session_id', 'client_id', 'sub', 'sid', 'user_id', 'user_agent_id', 'expires_at']);
    foreach member in array array['session_id', 'client_id', 'sub'] loop
        if lastcall.identifier_of(participation, member) is null then
            perform lastcall.refuse('LC400', 'invalid_request', member || ' is missing.', '/' || member);
        end if;
    end loop;
    select * into answer from lastcall.record(array[of_issuer], array[participation ->> 'session_id'], array[participation ->> 'client_id'],
        array[lastcall.identifier_of(participation, 'sid')], array[participation ->> 'sub'],
        array[lastcall.identifier_of(participation, 'user_id')], array[lastcall.identifier_of(participation, 'user_agent_id')],
        array[lastcall.time_of(participation, 'expires_at')]);
    if answer.outcome = 'no_client' then
        perform lastcall.refuse('LC404', 'not_found', 'There is no such client.', '/client_id');
    elsif answer.outcome = 'expired' then
        perform lastcall.refuse('LC400', 'invalid_request', 'expires_at must not be past.', '/expires_at');
    end if;
end $$;

CREATE FUNCTION lastcall.refuse(state text, code text, message text, pointer text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
    raise exception using errcode = state, message = message, detail = code, hint = coalesce(pointer, '');
end $$;

CREATE FUNCTION lastcall.require_members(object jsonb, known text[], at text DEFAULT ''::text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    unknown text;
begin
    if object is null or jsonb_typeof(object) <> 'object' then
        perform lastcall.refuse('LC400', 'invalid_request', 'A JSON object is needed.', at);
    end if;
    select k into unknown from jsonb_object_keys(object) k where k <> all(known) order by k limit 1;
    if found then
        perform lastcall.refuse('LC400', 'invalid_request', 'The member ' || unknown || ' is not known.',
            at || '/' || replace(replace(unknown, '~', '~0'), '/', '~1'));
    end if;
end $$;

CREATE FUNCTION lastcall.retention_cut(of_issuer integer, installation_days integer) RETURNS uuid
    LANGUAGE sql STABLE
    AS $$
    select lastcall.uuid7_floor(date_trunc('day', (now() at time zone 'utc')
        - lastcall.retention_of(of_issuer, installation_days) * interval '1 day') at time zone 'utc')
$$;

CREATE FUNCTION lastcall.retention_of(of_issuer integer, installation_days integer) RETURNS integer
    LANGUAGE sql STABLE
    AS $$
    select coalesce((select i.retention_days from lastcall.issuers i where i.issuer_key = of_issuer),
        (select p.retention_days from lastcall.past_issuers p where p.issuer_key = of_issuer), installation_days)
$$;

CREATE FUNCTION lastcall.retention_plan(installation_days integer) RETURNS TABLE(parent text, day date, is_whole boolean)
    LANGUAGE plpgsql STABLE
    AS $_$
#variable_conflict use_column
declare
    shortest int := least(installation_days, (select min(i.retention_days) from lastcall.issuers i),
        (select min(p.retention_days) from lastcall.past_issuers p));
    part record;
    has_past boolean;
begin
    for part in
        select h.parent, h.key, c.relname::text as child,
            case when c.relname ~ '_[0-9]{8}$' then to_date(right(c.relname, 8), 'YYYYMMDD') end as day
        from lastcall.history_tables() with ordinality h(parent, key, place)
        join pg_catalog.pg_inherits i on i.inhparent = format('lastcall.%I', h.parent)::regclass
        join pg_catalog.pg_class c on c.oid = i.inhrelid
        order by day nulls first, h.place
    loop
        continue when part.day >= ((now() at time zone 'utc') - shortest * interval '1 day')::date;
        begin
            if part.day is null then
                execute format('select exists (select from lastcall.issuers_in(%1$L) i(issuer_key) where exists (
                    select from lastcall.%1$I t where t.issuer_key = i.issuer_key and t.%2$I < lastcall.retention_cut(i.issuer_key, $1)))',
                    part.child, part.key) into has_past using installation_days;
            elsif lastcall.day_is_past(part.parent, part.day, installation_days, false) then
                return query select part.parent, part.day, true;
                continue;
            else
                has_past := exists (select from lastcall.issuers_in(part.child) i(issuer_key)
                    where lastcall.retention_cut(i.issuer_key, installation_days) >= lastcall.uuid7_floor((part.day + 1)::timestamp at time zone 'utc'));
            end if;
            if has_past then
                return query select part.parent, part.day, false;
            end if;
        exception when undefined_table then
            continue;   -- another process has dropped it since
        end;
    end loop;
end $_$;

CREATE FUNCTION lastcall.run_again(why text) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
begin
    raise exception '%', why using errcode = 'serialization_failure';
end $$;

CREATE FUNCTION lastcall.severity_of(type lastcall.audit_type, durability lastcall.durability) RETURNS lastcall.severity
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select case
        when type = 'bcl.no_sessions_for_subject' then case durability when 'durable' then lastcall.severity 'warning' else 'notice' end
        when type in ('logout.back_channel.failed', 'logout.back_channel.expired', 'webhook.failed') then 'error'
        when type in ('bcl.client_not_covered', 'breaker.opened') then 'warning'
        when type in ('logout.back_channel.cancelled', 'logout.back_channel.redelivered', 'client.changed',
            'client.deleted', 'client.held', 'client.released', 'issuer.changed', 'signing_key.activated',
            'signing_key.retired', 'api_key.created', 'api_key.revoked') then 'notice'
        else lastcall.severity 'info' end
$$;

CREATE FUNCTION lastcall.status_of(reason lastcall.end_reason) RETURNS lastcall.delivery_status
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select case
        when reason in ('deadline_passed', 'superseded_by_new_session') then 'expired'
        when reason = 'cancelled_by_operator' then 'cancelled'
        when reason = 'no_backchannel_logout_uri' then 'not_covered'
        else lastcall.delivery_status 'failed' end
$$;

CREATE FUNCTION lastcall.targets_of(list jsonb, OUT clients text[], OUT subs text[], OUT sids text[]) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    target record;
begin
    if jsonb_typeof(list) <> 'array' or jsonb_array_length(list) > 10000 then
        perform lastcall.refuse('LC400', 'invalid_request', 'targets must be an array of at most 10000 objects.', '/targets');
    end if;
    for target in select t.value, '/targets/' || (t.place - 1) as at from jsonb_array_elements(list) with ordinality t(value, place) loop
        perform lastcall.require_members(target.value, array['client_id', 'sub', 'sid'], target.at);
        if lastcall.identifier_of(target.value, 'client_id', target.at) is null then
            perform lastcall.refuse('LC400', 'invalid_request', 'client_id is missing.', target.at || '/client_id');
        elsif coalesce(lastcall.identifier_of(target.value, 'sub', target.at), lastcall.identifier_of(target.value, 'sid', target.at)) is null then
            perform lastcall.refuse('LC400', 'invalid_request', 'A target needs sub or sid.', target.at);
        end if;
        perform lastcall.identifier_of(target.value, 'sid', target.at);
    end loop;
    select coalesce(array_agg(u.client_id order by u.place), '{}'), coalesce(array_agg(u.sub order by u.place), '{}'),
        coalesce(array_agg(u.sid order by u.place), '{}')
    into clients, subs, sids
    from (
        select t.value ->> 'client_id' as client_id, t.value ->> 'sub' as sub, t.value ->> 'sid' as sid, min(t.place) as place
        from jsonb_array_elements(list) with ordinality t(value, place) group by 1, 2, 3) u;
end $$;

CREATE FUNCTION lastcall.time_of(object jsonb, member text) RETURNS timestamp with time zone
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    AS $_$
begin
    if object ->> member is null then
        return null;
    elsif jsonb_typeof(object -> member) = 'string' and object ->> member
            ~* '^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$' then
        return (object ->> member)::timestamptz;
    end if;
    perform lastcall.refuse('LC400', 'invalid_request', member || ' must be an RFC 3339 time.', '/' || member);
    return null;
exception when datetime_field_overflow or invalid_datetime_format then
    perform lastcall.refuse('LC400', 'invalid_request', member || ' must be an RFC 3339 time.', '/' || member);
    return null;
end $_$;

CREATE FUNCTION lastcall.uuid7_floor(at timestamp with time zone) RETURNS uuid
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select (lpad(to_hex(floor(extract(epoch from at) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid
$$;

CREATE FUNCTION lastcall.uuid7_nth(id uuid, n integer) RETURNS uuid
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select overlay(id::text placing lpad(to_hex(n), 6, '0') from 25 for 6)::uuid
$$;

CREATE FUNCTION lastcall.uuid7_time(id uuid) RETURNS timestamp with time zone
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select timestamptz 'epoch' + (('x' || left(h, 12))::bit(48)::bigint * 1000 + (('x' || right(h, 3))::bit(12)::int * 1000 + 4095) / 4096)
        * interval '1 microsecond'
    from (select left(replace(id::text, '-', ''), 16) as h) t
$$;

CREATE FUNCTION lastcall.wait_briefly(requests integer) RETURNS boolean
    LANGUAGE sql
    AS $$
    select set_config('lock_timeout', case when requests > 1 then '250ms' else '1s' end, true) is not null
$$;

CREATE FUNCTION lastcall.webhook_id(event_id uuid, end_count integer) RETURNS uuid
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select lastcall.delivery_id(event_id, 16777216 - end_count)
$$;

CREATE FUNCTION lastcall.word_of(object jsonb, member text, words text[]) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    if object ->> member is null then
        return null;
    elsif jsonb_typeof(object -> member) <> 'string' or not object ->> member = any(words) then
        perform lastcall.refuse('LC400', 'invalid_request', member || ' must be one of ' || array_to_string(words, ', ') || '.', '/' || member);
    end if;
    return object ->> member;
end $$;

CREATE TABLE lastcall.api_keys (
    api_key_id uuid DEFAULT lastcall.uuid7() NOT NULL,
    issuer_key integer,
    name text NOT NULL,
    scopes text[] NOT NULL,
    secret_hash bytea NOT NULL,
    calls_per_second integer,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT api_keys_calls_per_second_check CHECK (((calls_per_second >= 1) AND (calls_per_second <= 1000000))),
    CONSTRAINT api_keys_name_check CHECK (((octet_length(name) >= 1) AND (octet_length(name) <= 255))),
    CONSTRAINT api_keys_secret_hash_check CHECK ((octet_length(secret_hash) = 32))
);

CREATE TABLE lastcall.attempts (
    delivery_id uuid NOT NULL,
    issuer_key integer NOT NULL,
    number integer NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone NOT NULL,
    outcome lastcall.attempt_outcome NOT NULL,
    worker_key integer,
    latency_ms integer,
    http_status smallint,
    late_http_status smallint,
    jti uuid,
    kid text COLLATE pg_catalog."C",
    remote_address text,
    error text,
    error_description text
)
PARTITION BY RANGE (delivery_id);

CREATE TABLE lastcall.attempts_default (
    delivery_id uuid NOT NULL,
    issuer_key integer NOT NULL,
    number integer NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone NOT NULL,
    outcome lastcall.attempt_outcome NOT NULL,
    worker_key integer,
    latency_ms integer,
    http_status smallint,
    late_http_status smallint,
    jti uuid,
    kid text COLLATE pg_catalog."C",
    remote_address text,
    error text,
    error_description text
);

CREATE TABLE lastcall.audit_events_default (
    audit_id uuid DEFAULT lastcall.uuid7() NOT NULL,
    issuer_key integer NOT NULL,
    type lastcall.audit_type NOT NULL,
    severity lastcall.severity NOT NULL,
    subject_id uuid,
    session_durability lastcall.durability,
    client_id text COLLATE pg_catalog."C",
    actor text NOT NULL COLLATE pg_catalog."C",
    data jsonb,
    xact xid8 DEFAULT pg_current_xact_id() NOT NULL
);

CREATE TABLE lastcall.audit_marks (
    issuer_key integer NOT NULL,
    kept_from uuid NOT NULL,
    seal_number bigint DEFAULT 0 NOT NULL,
    seal_hash bytea,
    CONSTRAINT audit_marks_check CHECK (((seal_number = 0) = (seal_hash IS NULL))),
    CONSTRAINT audit_marks_seal_hash_check CHECK ((octet_length(seal_hash) = 32))
);

CREATE TABLE lastcall.audit_seals (
    issuer_key integer NOT NULL,
    number bigint NOT NULL,
    sealed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    entry_count integer NOT NULL,
    first_xact xid8 NOT NULL,
    first_id uuid NOT NULL,
    last_xact xid8 NOT NULL,
    last_id uuid NOT NULL,
    entries bytea NOT NULL,
    previous_hash bytea NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT audit_seals_check CHECK ((octet_length(entries) = (48 * entry_count))),
    CONSTRAINT audit_seals_entry_count_check CHECK ((entry_count > 0)),
    CONSTRAINT audit_seals_hash_check CHECK ((octet_length(hash) = 32)),
    CONSTRAINT audit_seals_number_check CHECK ((number > 0)),
    CONSTRAINT audit_seals_previous_hash_check CHECK ((octet_length(previous_hash) = 32))
);
ALTER TABLE ONLY lastcall.audit_seals ALTER COLUMN entries SET STORAGE EXTERNAL;

CREATE TABLE lastcall.chores (
    name text NOT NULL,
    due_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    taken_at timestamp with time zone,
    finished_at timestamp with time zone
);

CREATE TABLE lastcall.clients (
    client_key integer NOT NULL,
    issuer_key integer NOT NULL,
    kind lastcall.client_kind DEFAULT 'relying_party'::lastcall.client_kind NOT NULL,
    client_id text NOT NULL COLLATE pg_catalog."C",
    backchannel_logout_uri text COLLATE pg_catalog."C",
    backchannel_logout_session_required boolean NOT NULL,
    id_token_signed_response_alg text NOT NULL,
    metadata jsonb NOT NULL,
    sealed_secret bytea,
    delivery jsonb NOT NULL,
    max_in_flight integer GENERATED ALWAYS AS (((delivery ->> 'max_in_flight'::text))::integer) STORED,
    attempt_timeout_seconds double precision GENERATED ALWAYS AS (((delivery ->> 'attempt_timeout_seconds'::text))::double precision) STORED,
    held_at timestamp with time zone,
    breaker_trips integer DEFAULT 0 NOT NULL,
    breaker_open_until timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    breaker_closed_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    breaker_rousing boolean DEFAULT false NOT NULL,
    deleted_at timestamp with time zone,
    version bigint DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    breaker_opened_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    breaker_recovered_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    shared_signals jsonb,
    has_secret boolean DEFAULT false NOT NULL,
    CONSTRAINT clients_backchannel_logout_uri_check CHECK ((octet_length(backchannel_logout_uri) <= 2048)),
    CONSTRAINT clients_check CHECK (((backchannel_logout_uri IS NOT NULL) OR (NOT backchannel_logout_session_required))),
    CONSTRAINT clients_check1 CHECK (((shared_signals IS NULL) OR ((backchannel_logout_uri IS NOT NULL) AND (metadata ? 'id_token_encrypted_response_alg'::text) AND (has_secret = (sealed_secret IS NOT NULL))))),
    CONSTRAINT clients_client_id_check CHECK (((octet_length(client_id) >= 1) AND (octet_length(client_id) <= 255)))
);

ALTER TABLE lastcall.clients ALTER COLUMN client_key ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME lastcall.clients_client_key_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE VIEW lastcall.completion_webhooks WITH (security_invoker='true') AS
 SELECT clients.issuer_key,
    clients.client_key,
    (((clients.delivery ->> 'deliver_within_seconds'::text))::double precision * '00:00:01'::interval) AS deliver_within
   FROM lastcall.clients
  WHERE ((clients.kind = 'completion_webhook'::lastcall.client_kind) AND (clients.deleted_at IS NULL));

CREATE TABLE lastcall.console_sessions (
    session_hash bytea NOT NULL,
    api_key_id uuid,
    operator_proof bytea,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    CONSTRAINT console_sessions_check CHECK (((api_key_id IS NULL) = (operator_proof IS NOT NULL))),
    CONSTRAINT console_sessions_operator_proof_check CHECK ((octet_length(operator_proof) = 32)),
    CONSTRAINT console_sessions_session_hash_check CHECK ((octet_length(session_hash) = 32))
);

CREATE TABLE lastcall.deliveries (
    delivery_id uuid NOT NULL,
    issuer_key integer NOT NULL,
    client_key integer,
    status lastcall.delivery_status NOT NULL,
    reason lastcall.end_reason,
    ended_at timestamp with time zone NOT NULL,
    deliver_before timestamp with time zone NOT NULL,
    lease_number integer DEFAULT 0 NOT NULL,
    attempt_count integer DEFAULT 0 NOT NULL,
    excused_count integer DEFAULT 0 NOT NULL,
    nonstandard_status boolean DEFAULT false NOT NULL,
    rejected_after_unknown boolean DEFAULT false NOT NULL,
    client_id text NOT NULL COLLATE pg_catalog."C",
    sub text COLLATE pg_catalog."C",
    sid text COLLATE pg_catalog."C",
    is_delivered boolean DEFAULT false NOT NULL,
    CONSTRAINT deliveries_check CHECK (((NOT is_delivered) OR (status = 'delivered'::lastcall.delivery_status)))
)
PARTITION BY RANGE (delivery_id);

CREATE TABLE lastcall.deliveries_default (
    delivery_id uuid NOT NULL,
    issuer_key integer NOT NULL,
    client_key integer,
    status lastcall.delivery_status NOT NULL,
    reason lastcall.end_reason,
    ended_at timestamp with time zone NOT NULL,
    deliver_before timestamp with time zone NOT NULL,
    lease_number integer DEFAULT 0 NOT NULL,
    attempt_count integer DEFAULT 0 NOT NULL,
    excused_count integer DEFAULT 0 NOT NULL,
    nonstandard_status boolean DEFAULT false NOT NULL,
    rejected_after_unknown boolean DEFAULT false NOT NULL,
    client_id text NOT NULL COLLATE pg_catalog."C",
    sub text COLLATE pg_catalog."C",
    sid text COLLATE pg_catalog."C",
    is_delivered boolean DEFAULT false NOT NULL,
    CONSTRAINT deliveries_check CHECK (((NOT is_delivered) OR (status = 'delivered'::lastcall.delivery_status)))
);

CREATE TABLE lastcall.delivery_queue (
    delivery_id uuid NOT NULL,
    issuer_key integer NOT NULL,
    client_key integer NOT NULL,
    priority lastcall.priority DEFAULT 'interactive'::lastcall.priority NOT NULL,
    due_at timestamp with time zone NOT NULL,
    leased_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    lease_until timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    deliver_before timestamp with time zone NOT NULL,
    lease_number integer DEFAULT 0 NOT NULL,
    attempt_count integer DEFAULT 0 NOT NULL,
    excused_count integer DEFAULT 0 NOT NULL,
    worker_key integer,
    last_outcome lastcall.attempt_outcome,
    outcome_was_unknown boolean DEFAULT false NOT NULL,
    closing lastcall.end_reason,
    closing_by text COLLATE pg_catalog."C",
    sub text COLLATE pg_catalog."C",
    sid text COLLATE pg_catalog."C",
    CONSTRAINT delivery_queue_sid_check CHECK ((octet_length(sid) <= 255)),
    CONSTRAINT delivery_queue_sub_check CHECK ((octet_length(sub) <= 255))
)
WITH (fillfactor='70', autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='5000', autovacuum_vacuum_cost_delay='0', autovacuum_vacuum_insert_scale_factor='0', autovacuum_vacuum_insert_threshold='50000', autovacuum_analyze_scale_factor='0', autovacuum_analyze_threshold='50000');

CREATE VIEW lastcall.ended_deliveries WITH (security_invoker='true') AS
 SELECT d.issuer_key,
    d.delivery_id,
    d.client_id,
    d.sub,
    d.sid,
    d.status,
    (d.reason)::text AS reason,
    d.attempt_count,
    NULL::timestamp with time zone AS next_attempt_at,
    d.deliver_before,
    d.ended_at,
    d.nonstandard_status,
    d.rejected_after_unknown,
    d.is_delivered
   FROM lastcall.deliveries d
  WHERE (NOT lastcall.is_webhook(d.delivery_id));

CREATE VIEW lastcall.open_deliveries WITH (security_invoker='true') AS
 SELECT q.issuer_key,
    q.delivery_id,
    c.client_id,
    q.sub,
    q.sid,
    (
        CASE
            WHEN (q.lease_until > now()) THEN 'delivering'::text
            WHEN (c.held_at IS NOT NULL) THEN 'held'::text
            WHEN (q.attempt_count > 0) THEN 'retrying'::text
            ELSE 'pending'::text
        END)::lastcall.delivery_status AS status,
        CASE
            WHEN ((q.attempt_count = 0) OR (q.lease_until > now()) OR (c.held_at IS NOT NULL)) THEN NULL::text
            WHEN (q.lease_until > '-infinity'::timestamp with time zone) THEN 'unknown'::text
            ELSE (q.last_outcome)::text
        END AS reason,
    q.attempt_count,
        CASE
            WHEN ((q.lease_until <= now()) AND (c.held_at IS NULL)) THEN q.due_at
            ELSE NULL::timestamp with time zone
        END AS next_attempt_at,
    q.deliver_before,
    NULL::timestamp with time zone AS ended_at,
    false AS nonstandard_status,
    false AS rejected_after_unknown
   FROM (lastcall.delivery_queue q
     JOIN lastcall.clients c ON ((c.client_key = q.client_key)))
  WHERE (NOT lastcall.is_webhook(q.delivery_id));

CREATE VIEW lastcall.delivery_view WITH (security_invoker='true') AS
 SELECT open_deliveries.issuer_key,
    open_deliveries.delivery_id,
    open_deliveries.client_id,
    open_deliveries.sub,
    open_deliveries.sid,
    open_deliveries.status,
    open_deliveries.reason,
    open_deliveries.attempt_count,
    open_deliveries.next_attempt_at,
    open_deliveries.deliver_before,
    open_deliveries.ended_at,
    open_deliveries.nonstandard_status,
    open_deliveries.rejected_after_unknown
   FROM lastcall.open_deliveries
UNION ALL
 SELECT ended_deliveries.issuer_key,
    ended_deliveries.delivery_id,
    ended_deliveries.client_id,
    ended_deliveries.sub,
    ended_deliveries.sid,
    ended_deliveries.status,
    ended_deliveries.reason,
    ended_deliveries.attempt_count,
    ended_deliveries.next_attempt_at,
    ended_deliveries.deliver_before,
    ended_deliveries.ended_at,
    ended_deliveries.nonstandard_status,
    ended_deliveries.rejected_after_unknown
   FROM lastcall.ended_deliveries;

CREATE TABLE lastcall.event_subjects (
    issuer_key integer NOT NULL,
    subject text NOT NULL COLLATE pg_catalog."C",
    event_id uuid NOT NULL
)
PARTITION BY RANGE (event_id);

CREATE TABLE lastcall.event_subjects_default (
    issuer_key integer NOT NULL,
    subject text NOT NULL COLLATE pg_catalog."C",
    event_id uuid NOT NULL
);

CREATE TABLE lastcall.logout_events (
    event_id uuid NOT NULL,
    issuer_key integer NOT NULL,
    scope jsonb NOT NULL,
    initiator lastcall.initiator NOT NULL,
    session_durability lastcall.durability NOT NULL,
    priority lastcall.priority NOT NULL,
    status lastcall.event_status NOT NULL,
    exclude_initiating_client boolean NOT NULL,
    initiating_client_id text COLLATE pg_catalog."C",
    trace_id text,
    deliver_before timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    matched integer NOT NULL,
    excluded integer NOT NULL,
    open_count integer NOT NULL,
    expanding boolean DEFAULT false NOT NULL,
    end_count integer DEFAULT 0 NOT NULL,
    delivered integer DEFAULT 0 NOT NULL,
    failed integer DEFAULT 0 NOT NULL,
    expired integer DEFAULT 0 NOT NULL,
    cancelled integer DEFAULT 0 NOT NULL,
    not_covered integer DEFAULT 0 NOT NULL
)
PARTITION BY RANGE (event_id);

CREATE VIEW lastcall.event_view WITH (security_invoker='true') AS
 SELECT e.issuer_key,
    e.event_id,
    e.scope,
    e.initiator,
    e.session_durability,
    e.priority,
    e.status,
    e.exclude_initiating_client,
    e.initiating_client_id,
    e.trace_id,
    e.deliver_before,
    e.ended_at,
    e.matched,
    o.pending,
    o.delivering,
    o.retrying,
    o.held,
    e.delivered,
    e.failed,
    e.expired,
    e.cancelled,
    e.not_covered,
    h.status AS webhook_status,
    h.attempt_count AS webhook_attempts,
    i.deliveries_end
   FROM (((lastcall.logout_events e
     CROSS JOIN LATERAL ( SELECT lastcall.end_of_deliveries(e.event_id) AS deliveries_end,
            lastcall.webhook_id(e.event_id, e.end_count) AS webhook_id
         OFFSET 0) i)
     CROSS JOIN LATERAL ( SELECT (count(*) FILTER (WHERE (d.status = 'pending'::text)))::integer AS pending,
            (count(*) FILTER (WHERE (d.status = 'delivering'::text)))::integer AS delivering,
            (count(*) FILTER (WHERE (d.status = 'retrying'::text)))::integer AS retrying,
            (count(*) FILTER (WHERE (d.status = 'held'::text)))::integer AS held
           FROM ( SELECT
                        CASE
                            WHEN (q.lease_until > now()) THEN 'delivering'::text
                            WHEN (c.held_at IS NOT NULL) THEN 'held'::text
                            WHEN (q.attempt_count > 0) THEN 'retrying'::text
                            ELSE 'pending'::text
                        END AS status
                   FROM (lastcall.delivery_queue q
                     JOIN lastcall.clients c ON ((c.client_key = q.client_key)))
                  WHERE ((e.open_count > 0) AND (q.issuer_key = e.issuer_key) AND (q.delivery_id > e.event_id) AND (q.delivery_id < i.deliveries_end))) d) o)
     LEFT JOIN LATERAL ( SELECT
                CASE
                    WHEN (q.lease_until > now()) THEN 'delivering'::text
                    WHEN (q.attempt_count > 0) THEN 'retrying'::text
                    ELSE 'pending'::text
                END AS status,
            q.attempt_count
           FROM lastcall.delivery_queue q
          WHERE ((q.issuer_key = e.issuer_key) AND (q.delivery_id = i.webhook_id))
        UNION ALL
         SELECT (d.status)::text AS status,
            d.attempt_count
           FROM lastcall.deliveries d
          WHERE ((d.issuer_key = e.issuer_key) AND (d.delivery_id = i.webhook_id))) h ON ((e.end_count > 0)));

CREATE TABLE lastcall.idempotency_keys (
    issuer_key integer NOT NULL,
    key_hash bytea NOT NULL,
    day date NOT NULL,
    body_hash bytea NOT NULL,
    event_id uuid NOT NULL
)
PARTITION BY RANGE (day);

CREATE TABLE lastcall.idempotency_keys_default (
    issuer_key integer NOT NULL,
    key_hash bytea NOT NULL,
    day date NOT NULL,
    body_hash bytea NOT NULL,
    event_id uuid NOT NULL
);

CREATE TABLE lastcall.installation (
    is_only boolean DEFAULT true NOT NULL,
    cursor_secret bytea NOT NULL,
    CONSTRAINT installation_cursor_secret_check CHECK ((octet_length(cursor_secret) = 32)),
    CONSTRAINT installation_is_only_check CHECK (is_only)
);

CREATE TABLE lastcall.issuers (
    issuer_key integer NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    issuer text NOT NULL COLLATE pg_catalog."C",
    session_durability lastcall.durability NOT NULL,
    session_expiry lastcall.session_expiry NOT NULL,
    delivery jsonb NOT NULL,
    egress jsonb DEFAULT '{}'::jsonb NOT NULL,
    retention_days integer NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT issuers_issuer_check CHECK ((octet_length(issuer) <= 2048)),
    CONSTRAINT issuers_name_check CHECK ((name ~ '^[a-z0-9][a-z0-9-]{0,39}$'::text)),
    CONSTRAINT issuers_retention_days_check CHECK (((retention_days >= 1) AND (retention_days <= 3650)))
);

ALTER TABLE lastcall.issuers ALTER COLUMN issuer_key ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME lastcall.issuers_issuer_key_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE lastcall.logout_events_default (
    event_id uuid NOT NULL,
    issuer_key integer NOT NULL,
    scope jsonb NOT NULL,
    initiator lastcall.initiator NOT NULL,
    session_durability lastcall.durability NOT NULL,
    priority lastcall.priority NOT NULL,
    status lastcall.event_status NOT NULL,
    exclude_initiating_client boolean NOT NULL,
    initiating_client_id text COLLATE pg_catalog."C",
    trace_id text,
    deliver_before timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    matched integer NOT NULL,
    excluded integer NOT NULL,
    open_count integer NOT NULL,
    expanding boolean DEFAULT false NOT NULL,
    end_count integer DEFAULT 0 NOT NULL,
    delivered integer DEFAULT 0 NOT NULL,
    failed integer DEFAULT 0 NOT NULL,
    expired integer DEFAULT 0 NOT NULL,
    cancelled integer DEFAULT 0 NOT NULL,
    not_covered integer DEFAULT 0 NOT NULL
)
WITH (fillfactor='80');

CREATE TABLE lastcall.operations (
    operation_id uuid DEFAULT lastcall.uuid7() NOT NULL,
    issuer_key integer NOT NULL,
    kind lastcall.operation_kind NOT NULL,
    event_id uuid,
    status lastcall.operation_status DEFAULT 'running'::lastcall.operation_status NOT NULL,
    filter jsonb NOT NULL,
    parameters jsonb DEFAULT '{}'::jsonb NOT NULL,
    matched bigint DEFAULT 0 NOT NULL,
    done bigint DEFAULT 0 NOT NULL,
    cursor uuid,
    cursor_key bigint DEFAULT 0 NOT NULL,
    cursor_client integer DEFAULT 0 NOT NULL,
    due_at timestamp with time zone DEFAULT now() NOT NULL,
    actor text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    ended_at timestamp with time zone
);

ALTER TABLE lastcall.participations ALTER COLUMN participation_key ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME lastcall.participations_participation_key_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE lastcall.past_issuers (
    issuer_key integer NOT NULL,
    retention_days integer NOT NULL,
    deleted_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE lastcall.probes (
    probe_id uuid DEFAULT lastcall.uuid7() NOT NULL,
    issuer_key integer NOT NULL,
    client_key integer NOT NULL,
    actor text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    worker_key integer,
    taken_at timestamp with time zone,
    finished_at timestamp with time zone,
    outcome lastcall.attempt_outcome,
    http_status smallint,
    latency_ms integer,
    error text,
    error_description text
);

CREATE TABLE lastcall.schema_migrations (
    number integer NOT NULL,
    name text NOT NULL,
    checksum text NOT NULL,
    breaking text,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE lastcall.signing_keys (
    issuer_key integer NOT NULL,
    kid text NOT NULL COLLATE pg_catalog."C",
    alg text NOT NULL,
    stage lastcall.key_stage NOT NULL,
    public_jwk jsonb NOT NULL,
    held_by text DEFAULT 'lastcall'::text NOT NULL,
    sealed_private_key bytea,
    key_reference text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    published_at timestamp with time zone DEFAULT now() NOT NULL,
    activated_at timestamp with time zone,
    retired_at timestamp with time zone,
    CONSTRAINT signing_keys_check CHECK ((((held_by = 'lastcall'::text) = (sealed_private_key IS NOT NULL)) AND ((held_by = 'lastcall'::text) = (key_reference IS NULL)))),
    CONSTRAINT signing_keys_held_by_check CHECK ((held_by = ANY (ARRAY['lastcall'::text, 'pkcs11'::text, 'remote'::text]))),
    CONSTRAINT signing_keys_key_reference_check CHECK (((octet_length(key_reference) >= 1) AND (octet_length(key_reference) <= 1100))),
    CONSTRAINT signing_keys_kid_check CHECK (((octet_length(kid) >= 1) AND (octet_length(kid) <= 255)))
);

CREATE TABLE lastcall.workers (
    worker_key integer NOT NULL,
    name text NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT workers_name_check CHECK (((octet_length(name) >= 1) AND (octet_length(name) <= 255)))
);

ALTER TABLE lastcall.workers ALTER COLUMN worker_key ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME lastcall.workers_worker_key_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE ONLY lastcall.attempts ATTACH PARTITION lastcall.attempts_default DEFAULT;

ALTER TABLE ONLY lastcall.audit_events ATTACH PARTITION lastcall.audit_events_default DEFAULT;

ALTER TABLE ONLY lastcall.deliveries ATTACH PARTITION lastcall.deliveries_default DEFAULT;

ALTER TABLE ONLY lastcall.event_subjects ATTACH PARTITION lastcall.event_subjects_default DEFAULT;

ALTER TABLE ONLY lastcall.idempotency_keys ATTACH PARTITION lastcall.idempotency_keys_default DEFAULT;

ALTER TABLE ONLY lastcall.logout_events ATTACH PARTITION lastcall.logout_events_default DEFAULT;

ALTER TABLE ONLY lastcall.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (api_key_id);

ALTER TABLE ONLY lastcall.attempts
    ADD CONSTRAINT attempts_pkey PRIMARY KEY (issuer_key, delivery_id, number);

ALTER TABLE ONLY lastcall.attempts_default
    ADD CONSTRAINT attempts_default_pkey PRIMARY KEY (issuer_key, delivery_id, number);

ALTER TABLE ONLY lastcall.audit_events
    ADD CONSTRAINT audit_events_pkey PRIMARY KEY (issuer_key, audit_id);

ALTER TABLE ONLY lastcall.audit_events_default
    ADD CONSTRAINT audit_events_default_pkey PRIMARY KEY (issuer_key, audit_id);

ALTER TABLE ONLY lastcall.audit_marks
    ADD CONSTRAINT audit_marks_pkey PRIMARY KEY (issuer_key);

ALTER TABLE ONLY lastcall.audit_seals
    ADD CONSTRAINT audit_seals_pkey PRIMARY KEY (issuer_key, number);

ALTER TABLE ONLY lastcall.chores
    ADD CONSTRAINT chores_pkey PRIMARY KEY (name);

ALTER TABLE ONLY lastcall.clients
    ADD CONSTRAINT clients_pkey PRIMARY KEY (client_key);

ALTER TABLE ONLY lastcall.console_sessions
    ADD CONSTRAINT console_sessions_pkey PRIMARY KEY (session_hash);

ALTER TABLE ONLY lastcall.deliveries
    ADD CONSTRAINT deliveries_pkey PRIMARY KEY (issuer_key, delivery_id);

ALTER TABLE ONLY lastcall.deliveries_default
    ADD CONSTRAINT deliveries_default_pkey PRIMARY KEY (issuer_key, delivery_id);

ALTER TABLE ONLY lastcall.delivery_queue
    ADD CONSTRAINT delivery_queue_pkey PRIMARY KEY (issuer_key, delivery_id);

ALTER TABLE ONLY lastcall.event_subjects
    ADD CONSTRAINT event_subjects_pkey PRIMARY KEY (issuer_key, subject, event_id);

ALTER TABLE ONLY lastcall.event_subjects_default
    ADD CONSTRAINT event_subjects_default_pkey PRIMARY KEY (issuer_key, subject, event_id);

ALTER TABLE ONLY lastcall.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (issuer_key, key_hash, day);

ALTER TABLE ONLY lastcall.idempotency_keys_default
    ADD CONSTRAINT idempotency_keys_default_pkey PRIMARY KEY (issuer_key, key_hash, day);

ALTER TABLE ONLY lastcall.installation
    ADD CONSTRAINT installation_pkey PRIMARY KEY (is_only);

ALTER TABLE ONLY lastcall.issuers
    ADD CONSTRAINT issuers_name_key UNIQUE (name);

ALTER TABLE ONLY lastcall.issuers
    ADD CONSTRAINT issuers_pkey PRIMARY KEY (issuer_key);

ALTER TABLE ONLY lastcall.logout_events
    ADD CONSTRAINT logout_events_pkey PRIMARY KEY (issuer_key, event_id);

ALTER TABLE ONLY lastcall.logout_events_default
    ADD CONSTRAINT logout_events_default_pkey PRIMARY KEY (issuer_key, event_id);

ALTER TABLE ONLY lastcall.operations
    ADD CONSTRAINT operations_pkey PRIMARY KEY (operation_id);

ALTER TABLE ONLY lastcall.participations
    ADD CONSTRAINT participations_issuer_key_session_id_client_key_sid_key UNIQUE NULLS NOT DISTINCT (issuer_key, session_id, client_key, sid);

ALTER TABLE ONLY lastcall.participations
    ADD CONSTRAINT participations_pkey PRIMARY KEY (participation_key);

ALTER TABLE ONLY lastcall.past_issuers
    ADD CONSTRAINT past_issuers_pkey PRIMARY KEY (issuer_key);

ALTER TABLE ONLY lastcall.probes
    ADD CONSTRAINT probes_pkey PRIMARY KEY (probe_id);

ALTER TABLE ONLY lastcall.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (number);

ALTER TABLE ONLY lastcall.signing_keys
    ADD CONSTRAINT signing_keys_pkey PRIMARY KEY (issuer_key, kid);

ALTER TABLE ONLY lastcall.workers
    ADD CONSTRAINT workers_pkey PRIMARY KEY (worker_key);

CREATE INDEX api_keys_of_issuer ON lastcall.api_keys USING btree (issuer_key, api_key_id);

CREATE INDEX audit_events_by_subject ON ONLY lastcall.audit_events USING btree (issuer_key, subject_id) WHERE (subject_id IS NOT NULL);

CREATE INDEX audit_events_default_issuer_key_subject_id_idx ON lastcall.audit_events_default USING btree (issuer_key, subject_id) WHERE (subject_id IS NOT NULL);

CREATE INDEX audit_events_in_order ON ONLY lastcall.audit_events USING btree (issuer_key, xact, audit_id);

CREATE INDEX audit_events_default_issuer_key_xact_audit_id_idx ON lastcall.audit_events_default USING btree (issuer_key, xact, audit_id);

CREATE INDEX audit_events_settled ON ONLY lastcall.audit_events USING btree (xact, audit_id);

CREATE INDEX audit_events_default_xact_audit_id_idx ON lastcall.audit_events_default USING btree (xact, audit_id);

CREATE UNIQUE INDEX clients_by_id ON lastcall.clients USING btree (issuer_key, client_id) WHERE ((deleted_at IS NULL) AND (kind = 'relying_party'::lastcall.client_kind));

CREATE INDEX clients_deleted ON lastcall.clients USING btree (client_key) WHERE (deleted_at IS NOT NULL);

CREATE INDEX clients_rousing ON lastcall.clients USING btree (client_key) WHERE breaker_rousing;

CREATE INDEX clients_sealed ON lastcall.clients USING btree (client_key) WHERE (sealed_secret IS NOT NULL);

CREATE UNIQUE INDEX clients_webhook ON lastcall.clients USING btree (issuer_key) WHERE ((deleted_at IS NULL) AND (kind = 'completion_webhook'::lastcall.client_kind));

CREATE INDEX console_sessions_expired ON lastcall.console_sessions USING btree (expires_at);

CREATE INDEX console_sessions_of_key ON lastcall.console_sessions USING btree (api_key_id);

CREATE INDEX deliveries_for_lists ON ONLY lastcall.deliveries USING btree (issuer_key, delivery_id) WHERE (NOT is_delivered);

CREATE INDEX deliveries_default_issuer_key_delivery_id_idx ON lastcall.deliveries_default USING btree (issuer_key, delivery_id) WHERE (NOT is_delivered);

CREATE INDEX deliveries_not_delivered ON ONLY lastcall.deliveries USING btree (issuer_key, status, client_id, delivery_id) WHERE (status <> 'delivered'::lastcall.delivery_status);

CREATE INDEX deliveries_default_issuer_key_status_client_id_delivery_id_idx ON lastcall.deliveries_default USING btree (issuer_key, status, client_id, delivery_id) WHERE (status <> 'delivered'::lastcall.delivery_status);

CREATE INDEX deliveries_not_delivered_in_order ON ONLY lastcall.deliveries USING btree (issuer_key, status, delivery_id) WHERE (status <> 'delivered'::lastcall.delivery_status);

CREATE INDEX deliveries_default_issuer_key_status_delivery_id_idx ON lastcall.deliveries_default USING btree (issuer_key, status, delivery_id) WHERE (status <> 'delivered'::lastcall.delivery_status);

CREATE INDEX delivery_queue_closing ON lastcall.delivery_queue USING btree (issuer_key, delivery_id) WHERE (closing IS NOT NULL);

CREATE INDEX delivery_queue_deadline ON lastcall.delivery_queue USING btree (deliver_before);

CREATE INDEX delivery_queue_lane ON lastcall.delivery_queue USING btree (client_key, priority, due_at, delivery_id);

CREATE INDEX logout_events_session ON ONLY lastcall.logout_events USING btree (issuer_key, ((scope ->> 'session_id'::text)) COLLATE "C", event_id) WHERE ((scope ->> 'session_id'::text) IS NOT NULL);

CREATE INDEX logout_events_default_issuer_key_expr_event_id_idx ON lastcall.logout_events_default USING btree (issuer_key, ((scope ->> 'session_id'::text)) COLLATE "C", event_id) WHERE ((scope ->> 'session_id'::text) IS NOT NULL);

CREATE INDEX logout_events_user ON ONLY lastcall.logout_events USING btree (issuer_key, ((scope ->> 'user_id'::text)) COLLATE "C", event_id) WHERE ((scope ->> 'user_id'::text) IS NOT NULL);

CREATE INDEX logout_events_default_issuer_key_expr_event_id_idx1 ON lastcall.logout_events_default USING btree (issuer_key, ((scope ->> 'user_id'::text)) COLLATE "C", event_id) WHERE ((scope ->> 'user_id'::text) IS NOT NULL);

CREATE INDEX logout_events_user_agent ON ONLY lastcall.logout_events USING btree (issuer_key, ((scope ->> 'user_agent_id'::text)) COLLATE "C", event_id) WHERE ((scope ->> 'user_agent_id'::text) IS NOT NULL);

CREATE INDEX logout_events_default_issuer_key_expr_event_id_idx2 ON lastcall.logout_events_default USING btree (issuer_key, ((scope ->> 'user_agent_id'::text)) COLLATE "C", event_id) WHERE ((scope ->> 'user_agent_id'::text) IS NOT NULL);

CREATE INDEX operations_of_issuer ON lastcall.operations USING btree (issuer_key, operation_id);

CREATE INDEX operations_running ON lastcall.operations USING btree (due_at) WHERE (status = 'running'::lastcall.operation_status);

CREATE INDEX participations_check ON lastcall.participations USING btree (check_at) WHERE (check_at IS NOT NULL);

CREATE INDEX participations_client ON lastcall.participations USING btree (client_key, participation_key);

CREATE INDEX participations_sid ON lastcall.participations USING btree (issuer_key, sid) WHERE (sid IS NOT NULL);

CREATE INDEX participations_sub ON lastcall.participations USING btree (issuer_key, sub, client_key, participation_key);

CREATE INDEX participations_user ON lastcall.participations USING btree (issuer_key, user_id) WHERE (user_id IS NOT NULL);

CREATE INDEX participations_user_agent ON lastcall.participations USING btree (issuer_key, user_agent_id) WHERE (user_agent_id IS NOT NULL);

CREATE INDEX probes_waiting ON lastcall.probes USING btree (probe_id) WHERE (taken_at IS NULL);

CREATE UNIQUE INDEX signing_keys_one_active ON lastcall.signing_keys USING btree (issuer_key, alg) WHERE (stage = 'active'::lastcall.key_stage);

ALTER INDEX lastcall.attempts_pkey ATTACH PARTITION lastcall.attempts_default_pkey;

ALTER INDEX lastcall.audit_events_by_subject ATTACH PARTITION lastcall.audit_events_default_issuer_key_subject_id_idx;

ALTER INDEX lastcall.audit_events_in_order ATTACH PARTITION lastcall.audit_events_default_issuer_key_xact_audit_id_idx;

ALTER INDEX lastcall.audit_events_pkey ATTACH PARTITION lastcall.audit_events_default_pkey;

ALTER INDEX lastcall.audit_events_settled ATTACH PARTITION lastcall.audit_events_default_xact_audit_id_idx;

ALTER INDEX lastcall.deliveries_for_lists ATTACH PARTITION lastcall.deliveries_default_issuer_key_delivery_id_idx;

ALTER INDEX lastcall.deliveries_not_delivered ATTACH PARTITION lastcall.deliveries_default_issuer_key_status_client_id_delivery_id_idx;

ALTER INDEX lastcall.deliveries_not_delivered_in_order ATTACH PARTITION lastcall.deliveries_default_issuer_key_status_delivery_id_idx;

ALTER INDEX lastcall.deliveries_pkey ATTACH PARTITION lastcall.deliveries_default_pkey;

ALTER INDEX lastcall.event_subjects_pkey ATTACH PARTITION lastcall.event_subjects_default_pkey;

ALTER INDEX lastcall.idempotency_keys_pkey ATTACH PARTITION lastcall.idempotency_keys_default_pkey;

ALTER INDEX lastcall.logout_events_session ATTACH PARTITION lastcall.logout_events_default_issuer_key_expr_event_id_idx;

ALTER INDEX lastcall.logout_events_user ATTACH PARTITION lastcall.logout_events_default_issuer_key_expr_event_id_idx1;

ALTER INDEX lastcall.logout_events_user_agent ATTACH PARTITION lastcall.logout_events_default_issuer_key_expr_event_id_idx2;

ALTER INDEX lastcall.logout_events_pkey ATTACH PARTITION lastcall.logout_events_default_pkey;

ALTER TABLE ONLY lastcall.api_keys
    ADD CONSTRAINT api_keys_issuer_key_fkey FOREIGN KEY (issuer_key) REFERENCES lastcall.issuers(issuer_key) ON DELETE CASCADE;

ALTER TABLE ONLY lastcall.clients
    ADD CONSTRAINT clients_issuer_key_fkey FOREIGN KEY (issuer_key) REFERENCES lastcall.issuers(issuer_key) ON DELETE CASCADE;

ALTER TABLE ONLY lastcall.console_sessions
    ADD CONSTRAINT console_sessions_api_key_id_fkey FOREIGN KEY (api_key_id) REFERENCES lastcall.api_keys(api_key_id) ON DELETE CASCADE;

ALTER TABLE ONLY lastcall.signing_keys
    ADD CONSTRAINT signing_keys_issuer_key_fkey FOREIGN KEY (issuer_key) REFERENCES lastcall.issuers(issuer_key) ON DELETE CASCADE;

ALTER TABLE lastcall.api_keys ENABLE ROW LEVEL SECURITY;

ALTER TABLE lastcall.attempts ENABLE ROW LEVEL SECURITY;

ALTER TABLE lastcall.audit_events ENABLE ROW LEVEL SECURITY;

ALTER TABLE lastcall.audit_marks ENABLE ROW LEVEL SECURITY;

ALTER TABLE lastcall.audit_seals ENABLE ROW LEVEL SECURITY;

ALTER TABLE lastcall.clients ENABLE ROW LEVEL SECURITY;

ALTER TABLE lastcall.deliveries ENABLE ROW LEVEL SECURITY;

ALTER TABLE lastcall.delivery_queue ENABLE ROW LEVEL SECURITY;

ALTER TABLE lastcall.event_subjects ENABLE ROW LEVEL SECURITY;

ALTER TABLE lastcall.idempotency_keys ENABLE ROW LEVEL SECURITY;

ALTER TABLE lastcall.issuers ENABLE ROW LEVEL SECURITY;

ALTER TABLE lastcall.logout_events ENABLE ROW LEVEL SECURITY;

ALTER TABLE lastcall.operations ENABLE ROW LEVEL SECURITY;

ALTER TABLE lastcall.participations ENABLE ROW LEVEL SECURITY;

ALTER TABLE lastcall.past_issuers ENABLE ROW LEVEL SECURITY;

ALTER TABLE lastcall.probes ENABLE ROW LEVEL SECURITY;

ALTER TABLE lastcall.signing_keys ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON lastcall.api_keys TO lastcall_tenant USING ((issuer_key = (NULLIF(current_setting('lastcall.issuer'::text, true), ''::text))::integer)) WITH CHECK ((issuer_key = (NULLIF(current_setting('lastcall.issuer'::text, true), ''::text))::integer));

CREATE POLICY tenant ON lastcall.attempts TO lastcall_tenant USING ((issuer_key = (NULLIF(current_setting('lastcall.issuer'::text, true), ''::text))::integer)) WITH CHECK ((issuer_key = (NULLIF(current_setting('lastcall.issuer'::text, true), ''::text))::integer));

CREATE POLICY tenant ON lastcall.audit_events TO lastcall_tenant USING ((issuer_key = (NULLIF(current_setting('lastcall.issuer'::text, true), ''::text))::integer)) WITH CHECK ((issuer_key = (NULLIF(current_setting('lastcall.issuer'::text, true), ''::text))::integer));

CREATE POLICY tenant ON lastcall.audit_marks TO lastcall_tenant USING ((issuer_key = (NULLIF(current_setting('lastcall.issuer'::text, true), ''::text))::integer)) WITH CHECK ((issuer_key = (NULLIF(current_setting('lastcall.issuer'::text, true), ''::text))::integer));

CREATE POLICY tenant ON lastcall.audit_seals TO lastcall_tenant USING ((issuer_key = (NULLIF(current_setting('lastcall.issuer'::text, true), ''::text))::integer)) WITH CHECK ((issuer_key = (NULLIF(current_setting('lastcall.issuer'::text, true), ''::text))::integer));

CREATE POLICY tenant ON lastcall.clients TO lastcall_tenant USING ((issuer_key = (NULLIF(current_setting('lastcall.issuer'::text, true), ''::text))::integer)) WITH CHECK ((issuer_key = (NULLIF(current_setting('lastcall.issuer'::text, true), ''::text))::integer));

CREATE POLICY tenant ON lastcall.deliveries TO lastcall_tenant USING ((issuer_key = (NULLIF(current_setting('lastcall.issuer'::text, true), ''::text))::integer)) WITH CHECK ((issuer_key = (NULLIF(current_setting('lastcall.issuer'::text, true), ''::text))::integer));

CREATE POLICY tenant ON lastcall.delivery_queue TO lastcall_tenant USING ((issuer_key = (NULLIF(current_setting('lastcall.issuer'::text, true), ''::text))::integer)) WITH CHECK ((issuer_key = (NULLIF(current_setting('lastcall.issuer'::text, true), ''::text))::integer));

CREATE POLICY tenant ON lastcall.event_subjects TO lastcall_tenant USING ((issuer_key = (NULLIF(current_setting('lastcall.issuer'::text, true), ''::text))::integer)) WITH CHECK ((issuer_key = (NULLIF(current_setting('lastcall.issuer'::text, true), ''::text))::integer));

CREATE POLICY tenant ON lastcall.idempotency_keys TO lastcall_tenant USING ((issuer_key = (NULLIF(current_setting('lastcall.issuer'::text, true), ''::text))::integer)) WITH CHECK ((issuer_key = (NULLIF(current_setting('lastcall.issuer'::text, true), ''::text))::integer));

CREATE POLICY tenant ON lastcall.issuers TO lastcall_tenant USING ((issuer_key = (NULLIF(current_setting('lastcall.issuer'::text, true), ''::text))::integer)) WITH CHECK ((issuer_key = (NULLIF(current_setting('lastcall.issuer'::text, true), ''::text))::integer));

CREATE POLICY tenant ON lastcall.logout_events TO lastcall_tenant USING ((issuer_key = (NULLIF(current_setting('lastcall.issuer'::text, true), ''::text))::integer)) WITH CHECK ((issuer_key = (NULLIF(current_setting('lastcall.issuer'::text, true), ''::text))::integer));

CREATE POLICY tenant ON lastcall.operations TO lastcall_tenant USING ((issuer_key = (NULLIF(current_setting('lastcall.issuer'::text, true), ''::text))::integer)) WITH CHECK ((issuer_key = (NULLIF(current_setting('lastcall.issuer'::text, true), ''::text))::integer));

CREATE POLICY tenant ON lastcall.participations TO lastcall_tenant USING ((issuer_key = (NULLIF(current_setting('lastcall.issuer'::text, true), ''::text))::integer)) WITH CHECK ((issuer_key = (NULLIF(current_setting('lastcall.issuer'::text, true), ''::text))::integer));

CREATE POLICY tenant ON lastcall.past_issuers TO lastcall_tenant USING ((issuer_key = (NULLIF(current_setting('lastcall.issuer'::text, true), ''::text))::integer)) WITH CHECK ((issuer_key = (NULLIF(current_setting('lastcall.issuer'::text, true), ''::text))::integer));

CREATE POLICY tenant ON lastcall.probes TO lastcall_tenant USING ((issuer_key = (NULLIF(current_setting('lastcall.issuer'::text, true), ''::text))::integer)) WITH CHECK ((issuer_key = (NULLIF(current_setting('lastcall.issuer'::text, true), ''::text))::integer));

CREATE POLICY tenant ON lastcall.signing_keys TO lastcall_tenant USING ((issuer_key = (NULLIF(current_setting('lastcall.issuer'::text, true), ''::text))::integer)) WITH CHECK ((issuer_key = (NULLIF(current_setting('lastcall.issuer'::text, true), ''::text))::integer));
