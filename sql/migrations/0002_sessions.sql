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
create index participations_sub on lastcall.participations (issuer_key, sub, client_key);
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
