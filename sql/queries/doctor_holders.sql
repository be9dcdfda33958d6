-- Who keeps Postgres from removing dead rows: the oldest snapshot or transaction of each kind of holder.
-- Returns: kind (session, prepared, slot), name (pid, gid or slot), application, user, state, seconds since it began (null: not known), age
-- in transactions. 'hidden' is a row for all sessions of which this user may see no times, with their number as the name.
(select 'session', a.pid::text, a.application_name, a.usename::text, a.state,
    extract(epoch from clock_timestamp() - coalesce(a.xact_start, a.query_start, a.backend_start))::float8,
    greatest(age(a.backend_xmin), age(a.backend_xid))
from pg_catalog.pg_stat_activity a
where (a.backend_xmin is not null or a.backend_xid is not null) and a.pid <> pg_backend_pid()
    and (a.backend_type is null or a.backend_type in ('client backend', 'walsender'))
order by 7 desc nulls last limit 1)
union all
(select 'prepared', p.gid, p.database::text, p.owner::text, 'prepared', extract(epoch from clock_timestamp() - p.prepared)::float8, age(p.transaction)
from pg_catalog.pg_prepared_xacts p order by p.prepared limit 1)
union all
(select 'slot', s.slot_name::text, coalesce(s.plugin::text, s.slot_type), null, case when s.active then 'active' else 'inactive' end, null,
    greatest(age(s.xmin), age(s.catalog_xmin))
from pg_catalog.pg_replication_slots s order by greatest(age(s.xmin), age(s.catalog_xmin)) desc nulls last limit 1)
union all
select 'hidden', count(*)::text, null, null, null, null, null
from pg_catalog.pg_stat_activity a where a.backend_type is null and a.datname is not null having count(*) > 0
