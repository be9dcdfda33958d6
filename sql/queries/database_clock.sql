-- What readiness asks for. Returns: the database clock, whether this server is in recovery, synchronous_commit, synchronous_standby_names,
-- the number of connected standbys that are synchronous, of any kind.
select clock_timestamp(), pg_is_in_recovery(), current_setting('synchronous_commit'), current_setting('synchronous_standby_names'),
    (select count(*) from pg_stat_replication where sync_state in ('sync', 'quorum'))::int4,
    (select count(*) from pg_stat_replication)::int4
