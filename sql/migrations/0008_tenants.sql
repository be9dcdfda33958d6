-- The second line between issuers. A statement that acts for one issuer runs as lastcall_tenant with lastcall.issuer set, both for its
-- transaction alone; row-level security then shows it, and lets it write, that issuer's rows and no others, whatever the statement says.
-- docs/decisions/0008-tenants.md has the reasons, and which statements stay with the owner of the tables.

-- Roles belong to the cluster: another database may have this one already, or its migration be making it now.
do $$
declare
    help constant text := format('an administrator must run: create role lastcall_tenant nologin nobypassrls; grant lastcall_tenant to %I;',
        current_user);
    may_act boolean := false;
begin
    if not exists (select from pg_catalog.pg_roles where rolname = 'lastcall_tenant') then
        begin
            create role lastcall_tenant nologin nobypassrls;
        exception
            when duplicate_object or unique_violation then null;
            when insufficient_privilege then
                raise exception 'the role lastcall_tenant is missing, and % may not create it: %', current_user, help using errcode = '42501';
        end;
    end if;
    if exists (select from pg_catalog.pg_roles where rolname = 'lastcall_tenant' and (rolsuper or rolbypassrls or rolcanlogin)) then
        raise exception 'the role lastcall_tenant may log in or pass row-level security by: it must be nologin, nosuperuser, nobypassrls'
            using errcode = '42501';
    end if;
    -- Tried out, in a block that is rolled back: what membership allows differs from version to version.
    begin
        set local role lastcall_tenant;
        raise exception using errcode = 'LC000';
    exception
        when sqlstate 'LC000' then may_act := true;
        when insufficient_privilege then null;
    end;
    if not may_act then
        begin
            execute format('grant lastcall_tenant to %I', current_user);
        exception
            when unique_violation then null;
            when insufficient_privilege then
                raise exception '% may not act as lastcall_tenant: %', current_user, help using errcode = '42501';
        end;
    end if;
end $$;

-- The issuer that this transaction acts for; null: none, and so no row is seen.
create function lastcall.acting_issuer() returns int
language sql stable parallel safe as $$
    select nullif(current_setting('lastcall.issuer', true), '')::int
$$;

-- Every table that knows an issuer. Partitions are reached through their parents; nobody is granted the way past.
do $$
declare
    known regclass;
begin
    for known in
        select c.oid::regclass from pg_catalog.pg_class c join pg_catalog.pg_attribute a on a.attrelid = c.oid
        where c.relnamespace = 'lastcall'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition and a.attname = 'issuer_key'
        order by c.relname
    loop
        execute format('alter table %s enable row level security', known);
        execute format('create policy tenant on %s to lastcall_tenant
            using (issuer_key = nullif(current_setting(''lastcall.issuer'', true), '''')::int)
            with check (issuer_key = nullif(current_setting(''lastcall.issuer'', true), '''')::int)', known);
    end loop;
end $$;

-- Events whose scope names a session, a user or a browser, newest first; the first that is given decides. Under row-level security no index
-- on what `->>` returns is used, for that operator could leak what it is shown. So this runs as the owner, for the acting issuer alone.
create function lastcall.events_naming(session_id text, user_id text, user_agent_id text, before uuid, at_least uuid, most int)
returns table (event_id uuid)
language plpgsql stable security definer rows 10 set enable_seqscan = off set search_path = pg_catalog, pg_temp as $$
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

-- As 0007 does for its functions.
do $$ begin execute (select string_agg(format('revoke execute on function %s from public', p.oid::regprocedure), ';')
    from pg_catalog.pg_proc p where p.pronamespace = 'lastcall'::regnamespace); end $$;

-- What statements that act for one issuer need, by columns where a table holds a secret: never clients.sealed_secret,
-- signing_keys.sealed_private_key, api_keys.secret_hash, nor anything of installation and idempotency_keys.
grant usage on schema lastcall to lastcall_tenant;
grant select on lastcall.issuers to lastcall_tenant;
grant select (xmax, client_key, issuer_key, kind, client_id, backchannel_logout_uri, backchannel_logout_session_required,
        id_token_signed_response_alg, metadata, delivery, max_in_flight, attempt_timeout_seconds, held_at, breaker_trips, breaker_open_until,
        breaker_closed_at, breaker_rousing, deleted_at, version, created_at, updated_at),
    insert (issuer_key, client_id, backchannel_logout_uri, backchannel_logout_session_required, id_token_signed_response_alg, metadata, delivery),
    update (backchannel_logout_uri, backchannel_logout_session_required, id_token_signed_response_alg, metadata, delivery, held_at, deleted_at,
        version, updated_at)
    on lastcall.clients to lastcall_tenant;
grant select (issuer_key, kid, alg, stage, public_jwk, held_by, key_reference, created_at, published_at, activated_at, retired_at)
    on lastcall.signing_keys to lastcall_tenant;
grant select (api_key_id, issuer_key, name, scopes, calls_per_second, created_at, expires_at, last_used_at, revoked_at),
    insert (api_key_id, issuer_key, name, scopes, secret_hash, calls_per_second, expires_at), update (revoked_at)
    on lastcall.api_keys to lastcall_tenant;
grant select (worker_key, name) on lastcall.workers to lastcall_tenant;
grant select, insert, update (closing, closing_by) on lastcall.delivery_queue to lastcall_tenant;
grant select, update (status, ended_at, expanding, end_count, open_count, delivered, failed, expired, cancelled, not_covered)
    on lastcall.logout_events to lastcall_tenant;
grant select, delete, update (client_key, status, reason, ended_at, deliver_before, excused_count, nonstandard_status, rejected_after_unknown,
        is_delivered)
    on lastcall.deliveries to lastcall_tenant;
grant select on lastcall.attempts, lastcall.event_subjects, lastcall.audit_seals, lastcall.completion_webhooks, lastcall.delivery_view,
    lastcall.open_deliveries, lastcall.ended_deliveries, lastcall.event_view to lastcall_tenant;
grant select, insert on lastcall.audit_events to lastcall_tenant;
grant select, delete, update (check_at) on lastcall.participations to lastcall_tenant;     -- update: to lock what is deleted
grant select, insert, update (status, ended_at) on lastcall.operations to lastcall_tenant;
grant select, insert, delete on lastcall.probes to lastcall_tenant;

-- Pure ones, and those that read as whoever calls them.
do $$ begin execute (select string_agg(format('grant execute on function %s to lastcall_tenant', p.oid::regprocedure), ';')
    from pg_catalog.pg_proc p where p.pronamespace = 'lastcall'::regnamespace and p.proname in (
        'uuid7', 'uuid7_floor', 'uuid7_time', 'delivery_id', 'event_of', 'webhook_id', 'is_webhook', 'end_of_deliveries', 'event_end', 'status_of',
        'severity_of', 'breaker_state', 'matching', 'acting_issuer', 'events_naming')); end $$;
