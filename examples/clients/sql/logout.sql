-- Tells Lastcall that somebody is logged in at an RP, then that the session ended, inside transactions of the OP.
-- The role is one that an operator let in with `lastcall sql-door grant`.
--
--   psql "$OP_DATABASE_URL" -v issuer=op -v session_id=s1 -v client_id=wiki -v sub=alice -v sid=1a -f logout.sql
\set ON_ERROR_STOP on
\set QUIET on
\pset tuples_only on

-- What the OP keeps itself; here a table of the example's own.
create temporary table op_sessions (id text primary key, sub text not null);

-- At each ID token: the session and what Lastcall knows of it are written together.
begin;
insert into op_sessions values (:'session_id', :'sub') on conflict do nothing;
select from lastcall.record_participation(:'issuer', jsonb_build_object(
    'session_id', :'session_id', 'client_id', :'client_id', 'sub', :'sub', 'sid', :'sid'));
commit;

-- When the session ends: rolled back, nothing is sent; committed, every RP of the session is told.
begin;
delete from op_sessions where id = :'session_id';
select lastcall.enqueue_logout(
    :'issuer', jsonb_build_object('session_id', :'session_id', 'initiator', 'idp-logout'), 'session-' || md5(:'session_id')) as event_id \gset
commit;
\echo :event_id
