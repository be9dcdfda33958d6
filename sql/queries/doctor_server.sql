-- How the server is set up and how full it is. Returns: its clock, version number, synchronous_commit, synchronous_standby_names, whether fsync,
-- full_page_writes, autovacuum and track_counts are on, max_connections, connections in use, seconds from checkpoint to checkpoint on
-- average (null: not known), checkpoints by the clock, checkpoints because of max_wal_size.
select clock_timestamp(), current_setting('server_version_num')::int4, current_setting('synchronous_commit'),
    current_setting('synchronous_standby_names'), current_setting('fsync')::bool, current_setting('full_page_writes')::bool,
    current_setting('autovacuum')::bool, current_setting('track_counts')::bool, current_setting('max_connections')::int4,
    (select sum(numbackends) from pg_catalog.pg_stat_database)::int4,
    (extract(epoch from now() - c.since) / nullif(c.timed + c.requested, 0))::float8, c.timed, c.requested
from lastcall.checkpoints() c
