-- Ends a session and reports it in one transaction of an OP that shares the database: both happen, or neither does.
-- The OP's role was let in once: lastcall sql-door grant ROLE.
-- usage: psql "$OP_DATABASE_URL" -v ON_ERROR_STOP=1 -v issuer=op -v session=S -f logout.sql
\set QUIET on
begin;
-- ... the OP's own statements, such as: delete from op_sessions where id = :'session';
select lastcall.enqueue_logout(:'issuer', jsonb_build_object('session_id', :'session', 'initiator', 'rp-logout'),
    'logout-of-' || :'session') as event_id;
commit;
