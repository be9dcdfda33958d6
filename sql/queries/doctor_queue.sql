-- How the queue stands. $1 count so far int8. Returns: dead rows, live rows, seconds since it was vacuumed last (null: never), whether
-- autovacuum is on for it; deliveries waiting, counted so far; seconds since the oldest that may be sent now was due (null: none is);
-- what a client that was down is sent at the rate at which it came is not meant.
select s.n_dead_tup, s.n_live_tup, extract(epoch from now() - greatest(s.last_autovacuum, s.last_vacuum))::float8,
    not coalesce('autovacuum_enabled=false' = any(c.reloptions), false),
    (select count(*) from (select from lastcall.delivery_queue limit $1::int8) q),
    (select extract(epoch from now() - min(o.due_at))::float8
    from lastcall.clients k cross join unnest(enum_range(null::lastcall.priority)) p(priority) cross join lateral (
        select q.due_at from lastcall.delivery_queue q
        where q.issuer_key = k.issuer_key and q.client_key = k.client_key and q.priority = p.priority and q.due_at <= now() and q.lease_until <= now()
            and q.due_at > case when k.breaker_recovered_at > now() then k.breaker_closed_at else '-infinity' end
        order by q.due_at limit 1) o
    where k.held_at is null and k.deleted_at is null and k.breaker_trips = 0)
from pg_catalog.pg_class c left join pg_catalog.pg_stat_all_tables s on s.relid = c.oid
where c.oid = 'lastcall.delivery_queue'::regclass
