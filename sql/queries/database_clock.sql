-- What readiness asks for. Returns: the database clock, whether this server is in recovery, synchronous_commit, synchronous_standby_names,
-- the number of connected standbys that are synchronous, of any kind, and the seconds by which the best of them is behind (null: there is none, or
-- the user may not look). A standby that has all is at 0; else its last report counts, by how much it was behind then and how long ago that is.
select clock_timestamp(), pg_is_in_recovery(), current_setting('synchronous_commit'), current_setting('synchronous_standby_names'),
    (select count(*) from pg_stat_replication where sync_state in ('sync', 'quorum'))::int4,
    (select count(*) from pg_stat_replication)::int4,
    case when not pg_is_in_recovery() then (
        select min(case when flush_lsn >= pg_current_wal_flush_lsn() then 0
            else greatest(extract(epoch from clock_timestamp() - reply_time + coalesce(flush_lag, '0')), 0) end)
        from pg_stat_replication where flush_lsn is not null)
    end::float8
