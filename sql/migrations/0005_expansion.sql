-- What the intake leaves for later: scopes that match too much for one transaction, and participations whose time is over.

-- Turns up to `size` more participations of one waiting expansion into deliveries: one transaction, which moves the operation's cursor
-- with what it did. Participations that began after the event was accepted are not meant by it. Returns null when no expansion waits,
-- else the lanes that have something due now.
create function lastcall.expand_step(size int, usual_within float8) returns int[]
language plpgsql volatile set enable_seqscan = off set search_path = pg_catalog, pg_temp as $$
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

-- Ends an event of which nothing is open and nothing left to expand, though no delivery's end did it.
create function lastcall.end_if_over(of_issuer int, of_event uuid) returns void
language sql volatile set search_path = pg_catalog, pg_temp as $$
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

-- Ends up to `size` participations whose time is over: quietly, or as a logout of their session where the issuer asks for it. One caller
-- at a time; the others return at once. Returns how many were looked at (fewer than `size`: none is left for now), how many were ended
-- quietly, and the lanes that have something due now.
create function lastcall.expire_step(size int, usual_within float8, out looked_at int, out removed int, out lanes int[])
language plpgsql volatile set enable_seqscan = off set search_path = pg_catalog, pg_temp as $$
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
