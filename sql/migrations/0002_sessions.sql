-- Who is logged in where, as the OP reports it. A participation is one client in one OP session, under one sid; it is deleted when it
-- ends, in the transaction that queues what its client must be told.

create table lastcall.participations (
    participation_key bigint generated always as identity primary key,
    issuer_key int not null,
    client_key int not null,
    session_id text collate "C" not null check (octet_length(session_id) between 1 and 255),
    sid text collate "C" check (octet_length(sid) between 1 and 255),
    sub text collate "C" not null check (octet_length(sub) between 1 and 255),
    user_id text collate "C" check (octet_length(user_id) between 1 and 255),   -- null: the sub is the OP's own id
    user_agent_id text collate "C" check (octet_length(user_agent_id) between 1 and 255),
    expires_at timestamptz,
    check_at timestamptz,                          -- when the sweep looks next, at expires_at or before: a renewal leaves it, and stays HOT
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    unique nulls not distinct (issuer_key, session_id, client_key, sid)
) with (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);
create index participations_sid on lastcall.participations (issuer_key, sid) where sid is not null;
create index participations_sub on lastcall.participations (issuer_key, sub, client_key, participation_key);
create index participations_user on lastcall.participations (issuer_key, user_id) where user_id is not null;
create index participations_user_agent on lastcall.participations (issuer_key, user_agent_id) where user_agent_id is not null;
create index participations_client on lastcall.participations (client_key, participation_key);
create index participations_check on lastcall.participations (check_at) where check_at is not null;

-- The participations that a filter matches; null means any. The most selective member that is given chooses the index, the others are
-- checked on what it finds. At least one is given.
create function lastcall.matching(of_issuer int, of_session text, of_sid text, of_sub text, of_user text, of_agent text, of_client int)
returns setof lastcall.participations language sql stable parallel safe as $$
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

-- Records participations, one element of each array for each. Row by row: what became of it ('created', 'changed', 'no_client',
-- 'expired': its expires_at is past) and since when it has been there. Of two for one participation the later element holds.
-- A renewal that leaves the indexed columns alone is a HOT update: check_at moves only to an earlier time (least ignores nulls), and the
-- sweep moves it on. created_at never moves. Rows are written in the order of their key, so that two callers never wait for each other in turn.
create function lastcall.record(issuer_keys int[], session_ids text[], client_ids text[], sids text[], subs text[], user_ids text[],
    user_agent_ids text[], expiries timestamptz[])
returns table (ord int, outcome text, created_at timestamptz) language plpgsql as $$
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

-- Ends participations without telling their RPs, one element of each array for each: that of one sid, or all of a session and a client where
-- sid is null. Row by row: how many it has ended; what two elements name counts for the first.
create function lastcall.end_recorded(issuer_keys int[], session_ids text[], client_ids text[], sids text[])
returns table (ord int, ended int) language plpgsql as $$
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

-- Gives up early where somebody else has locked a row: a statement that carries several callers' requests must not wait long for one of
-- them, and one that waits alone not until its caller has gone. For the rest of the transaction. Returns true, so that a statement can make
-- its work depend on it.
create function lastcall.wait_briefly(requests int) returns boolean language sql volatile as $$
    select set_config('lock_timeout', case when requests > 1 then '250ms' else '1s' end, true) is not null
$$;
