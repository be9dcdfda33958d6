-- Connected standbys. Returns: application_name, state (null: this user may not see it), sync_state, bytes not replayed yet int8, seconds
-- by which it is behind float8 (null: not known).
select application_name, state, sync_state, pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::int8, extract(epoch from replay_lag)::float8
from pg_catalog.pg_stat_replication order by 4 desc nulls first
