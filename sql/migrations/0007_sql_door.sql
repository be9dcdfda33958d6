-- The SQL door: an OP that shares the database reports logouts inside its own transaction. What is rolled back is not sent; what is
-- committed goes out within the poll interval. The rules are those of the HTTP API: SQLSTATE LC400, LC404 and LC409 stand for its
-- statuses, DETAIL carries the problem's code and HINT the JSON pointer of the member that is meant.

create function lastcall.refuse(state text, code text, message text, pointer text default null) returns void
language plpgsql volatile as $$
begin
    raise exception using errcode = state, message = message, detail = code, hint = coalesce(pointer, '');
end $$;

-- A member that is a text by the grammar of client ids, or of all other identifiers; null where it is absent or null.
create function lastcall.identifier_of(object jsonb, member text, at text default '') returns text
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
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
end $$;

-- A member that is one of some words; null where it is absent or null.
create function lastcall.word_of(object jsonb, member text, words text[]) returns text
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
    if object ->> member is null then
        return null;
    elsif jsonb_typeof(object -> member) <> 'string' or not object ->> member = any(words) then
        perform lastcall.refuse('LC400', 'invalid_request', member || ' must be one of ' || array_to_string(words, ', ') || '.', '/' || member);
    end if;
    return object ->> member;
end $$;

-- A member that is an RFC 3339 time; null where it is absent or null.
create function lastcall.time_of(object jsonb, member text) returns timestamptz
language plpgsql volatile set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
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
end $$;

-- Refuses what is no object, or has members that are not known.
create function lastcall.require_members(object jsonb, known text[], at text default '') returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
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

create function lastcall.issuer_named(name text) returns int
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    found_key int := (select i.issuer_key from lastcall.issuers i where i.name = name);
begin
    if found_key is null then
        perform lastcall.refuse('LC404', 'not_found', 'There is no such issuer.');
    end if;
    return found_key;
end $$;

-- Reports a logout: `event` is the body of POST /v1/issuers/{issuer}/logout-events. Returns the event's id, of an earlier call where the
-- idempotency key was used for the same before. A role that may call this may also log everyone out of one client.
create function lastcall.enqueue_logout(issuer text, event jsonb, idempotency_key text default null) returns uuid
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
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
end $$;

-- The targets of an event, each once, in the order in which they were given.
create function lastcall.targets_of(list jsonb, out clients text[], out subs text[], out sids text[])
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
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

-- Records that a client is logged in: `participation` is a line of POST /v1/issuers/{issuer}/sessions/import.
create function lastcall.record_participation(issuer text, participation jsonb) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
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

-- Ends the participation of a client under one sid, or all of its in a session, without telling the client.
create function lastcall.end_participation(issuer text, session_id text, client_id text, sid text default null) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    if not exists (select from lastcall.end_recorded(array[lastcall.issuer_named(issuer)], array[session_id], array[client_id], array[sid])) then
        perform lastcall.refuse('LC404', 'not_found', 'There is no such participation.');
    end if;
end $$;

-- Lets a role through the door, and only through the door. Its owner's functions are nobody else's otherwise.
create function lastcall.open_sql_door(role name) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
    execute format('grant usage on schema lastcall to %I', role);
    execute format('grant execute on function lastcall.enqueue_logout(text, jsonb, text), '
        'lastcall.record_participation(text, jsonb), lastcall.end_participation(text, text, text, text) to %I', role);
end $$;

create function lastcall.close_sql_door(role name) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
    execute format('revoke usage on schema lastcall from %I', role);
    execute format('revoke execute on function lastcall.enqueue_logout(text, jsonb, text), '
        'lastcall.record_participation(text, jsonb), lastcall.end_participation(text, text, text, text) from %I', role);
end $$;

do $$ begin execute (select string_agg(format('revoke execute on function %s from public', p.oid::regprocedure), ';')
    from pg_proc p where p.pronamespace = 'lastcall'::regnamespace); end $$;
