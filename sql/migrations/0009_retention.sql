-- History has its time: what is older than its issuer's retention_days goes, a day's table at once where nothing of it must stay, else row by
-- row. The tables are found in the catalog, so a new one is kept like the others. docs/retention.md says what goes when.

-- Whose turn it is to do what is done every few hours: any worker takes it, and no other before it is due again.
create table lastcall.chores (
    name text primary key,
    due_at timestamptz not null default '-infinity',
    taken_at timestamptz,
    finished_at timestamptz                        -- the last time that it came to its end
);
insert into lastcall.chores (name) values ('retention'), ('analyze');

-- How long the history of an issuer that was deleted is kept: as it was when it was deleted.
create table lastcall.past_issuers (
    issuer_key int primary key,
    retention_days int not null,
    deleted_at timestamptz not null default now()
);

-- Where an issuer's trail begins since retention took its beginning: what verification must not take for a gap.
create table lastcall.audit_marks (
    issuer_key int primary key,
    kept_from uuid not null,                       -- of the entries below this id some, or all, are gone
    seal_number bigint not null default 0,         -- the last seal that is gone
    seal_hash bytea check (octet_length(seal_hash) = 32),
    check ((seal_number = 0) = (seal_hash is null))
);

do $$
declare
    known text;
begin
    foreach known in array array['past_issuers', 'audit_marks'] loop
        execute format('alter table lastcall.%I enable row level security', known);
        execute format('create policy tenant on lastcall.%I to lastcall_tenant
            using (issuer_key = nullif(current_setting(''lastcall.issuer'', true), '''')::int)
            with check (issuer_key = nullif(current_setting(''lastcall.issuer'', true), '''')::int)', known);
    end loop;
end $$;

-- The tables of the history: those that are partitioned by an id that carries its time. Ended deliveries come first: none of an event's
-- other rows goes before them, and while one is there it can be redelivered.
create function lastcall.history_tables() returns table (parent text, key text)
language sql stable as $$
    select c.relname::text, a.attname::text from pg_catalog.pg_partitioned_table p
    join pg_catalog.pg_class c on c.oid = p.partrelid
    join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = p.partattrs[0]
    where c.relnamespace = 'lastcall'::regnamespace and a.atttypid = 'uuid'::regtype
    order by c.relname <> 'deliveries', c.relname
$$;

-- For how many days an issuer's history is kept. The installation has no row, nor has an issuer of whose deletion nothing is known.
create function lastcall.retention_of(of_issuer int, installation_days int) returns int
language sql stable as $$
    select coalesce((select i.retention_days from lastcall.issuers i where i.issuer_key = of_issuer),
        (select p.retention_days from lastcall.past_issuers p where p.issuer_key = of_issuer), installation_days)
$$;

-- The id below which an issuer's history is past: a midnight, so that a day's table is past as a whole.
create function lastcall.retention_cut(of_issuer int, installation_days int) returns uuid
language sql stable as $$
    select lastcall.uuid7_floor(date_trunc('day', (now() at time zone 'utc')
        - lastcall.retention_of(of_issuer, installation_days) * interval '1 day') at time zone 'utc')
$$;

-- Issuers that have a delivery in the queue, or an operation that is not over, on an event from `low` to below `high`.
create function lastcall.holding(low uuid, high uuid) returns setof int
language sql stable as $$
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

-- Whether an event has a delivery in the queue, or an operation that is not over.
create function lastcall.is_held(of_issuer int, event uuid) returns boolean
language sql stable as $$
    select exists (select from lastcall.delivery_queue q
            where q.issuer_key = of_issuer and q.delivery_id >= event and q.delivery_id <= lastcall.delivery_id(event, 16777215))
        or exists (select from lastcall.operations o
            where o.issuer_key = of_issuer and o.status = 'running' and (o.event_id = event
                or (o.kind = 'redeliver' and coalesce(lastcall.event_of(o.cursor), event) <= event
                    and coalesce(lastcall.uuid7_floor((o.filter ->> 'created_after')::timestamptz), event) <= event
                    and coalesce(lastcall.uuid7_floor((o.filter ->> 'created_before')::timestamptz) > event, true))))
$$;

-- The issuers with rows in one table of a day; one step from issuer to issuer through its key.
create function lastcall.issuers_in(child text) returns setof int
language plpgsql stable as $$
begin
    return query execute format('with recursive keys(issuer_key) as (
            select min(issuer_key) from lastcall.%1$I
            union all
            select (select min(t.issuer_key) from lastcall.%1$I t where t.issuer_key > k.issuer_key) from keys k where k.issuer_key is not null)
        select issuer_key from keys where issuer_key is not null', child);
end $$;

-- Whether a day's table can go as it is: past for every issuer that is in it; nothing in it of an event that is not over; no delivery left that
-- its rows belong to (unless those are to go just before); and, of the audit trail, all of it sealed.
create function lastcall.day_is_past(parent text, day date, installation_days int, is_last_look boolean) returns boolean
language plpgsql stable as $$
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
end $$;

-- What is to be done: tables that can go as a whole, and tables that have rows of which some may go (day null: a default partition).
create function lastcall.retention_plan(installation_days int) returns table (parent text, day date, is_whole boolean)
language plpgsql stable as $$
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
end $$;

-- Notes, in the transaction that drops entries, that they are gone.
create function lastcall.mark_audit(of_issuers int[], below uuid, installation_days int) returns void
language sql volatile as $$
    insert into lastcall.audit_marks as m (issuer_key, kept_from)
    select i, least(below, lastcall.retention_cut(i, installation_days)) from unnest(of_issuers) i
    on conflict (issuer_key) do update set kept_from = excluded.kept_from where m.kept_from < excluded.kept_from
$$;

-- Drops one table of a past day. It waits for its locks no longer than `lock_milliseconds`, since everybody else waits behind it meanwhile.
-- Returns: 'dropped', 'kept' (something of it must stay after all), 'busy' (somebody had it locked), 'gone'; null: another process has the turn.
create function lastcall.drop_day(parent text, day date, installation_days int, lock_milliseconds int) returns text
language plpgsql volatile as $$
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

-- Deletes what is past in some blocks of one table, whosever it is, but for what must stay: rows of events that are not over or still have
-- deliveries, audit events that are not sealed. By blocks, because so a step is as short as it was meant to be whatever the table holds.
-- Returns: rows deleted, whether blocks are left behind these, whether somebody had a row locked; nothing: another process has the turn.
create function lastcall.delete_past(parent text, day date, from_block bigint, blocks int, installation_days int, lock_milliseconds int)
returns table (deleted int, has_more boolean, is_busy boolean)
language plpgsql volatile set enable_seqscan = on as $$
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
end $$;

-- Drops the oldest seals of the first issuer behind `after` that has some whose entries are all gone, and notes the last of them as where the
-- chain begins. The newest seal of an issuer stays, for the chain to go on from.
-- Returns: the issuer, and how many; nothing: none has any, or another process has the turn.
create function lastcall.drop_seals(after int, most int) returns table (issuer_key int, dropped int)
language plpgsql volatile as $$
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

-- Forgets deleted issuers of which nothing is left but their seals. Returns how many.
create function lastcall.forget_issuers(most int) returns int
language sql volatile as $$
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

-- How each partitioned table stands: for how many days after today it has a table without a gap (-1: not even for today), and how many rows,
-- counted so far, its default partition holds.
create function lastcall.partition_state(count_to int) returns table (parent text, days_ahead int, default_rows bigint)
language plpgsql stable as $$
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
end $$;

-- Checkpoints since when: by the clock, and because max_wal_size was reached. The view that has them depends on the server's version.
create function lastcall.checkpoints() returns table (timed bigint, requested bigint, since timestamptz)
language plpgsql stable as $$
begin
    if current_setting('server_version_num')::int >= 170000 then
        return query execute 'select num_timed, num_requested, stats_reset from pg_catalog.pg_stat_checkpointer';
    else
        return query execute 'select checkpoints_timed, checkpoints_req, stats_reset from pg_catalog.pg_stat_bgwriter';
    end if;
end $$;

-- As 0007 does for its functions.
do $$ begin execute (select string_agg(format('revoke execute on function %s from public', p.oid::regprocedure), ';')
    from pg_catalog.pg_proc p where p.pronamespace = 'lastcall'::regnamespace); end $$;
