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
