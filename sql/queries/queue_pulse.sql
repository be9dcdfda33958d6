-- How the whole fleet's queue stands, for the metrics of every process: cheap, and bounded whatever waits. $1 at most this many lanes int4
-- Returns: rows of the queue and dead ones, both as Postgres's statistics have them; lanes that wait for something, counted so far; of these the ones
-- whose breaker is not closed, and those on hold; seconds since the first of those breakers opened float8 (null: none is); seconds since the oldest
-- delivery that may be sent now was due float8 (null: none is); seconds since the oldest snapshot that vacuum must respect began float8 (null: there
-- is none, or this user may not look).
-- Lanes are found by stepping through the index, as lanes_due does, which every worker asks several times a second. What waits for a client that is
-- sent what it has missed at the rate at which that came is not late: more workers would not send it sooner.
with recursive lane as (
    (select client_key, issuer_key from lastcall.delivery_queue order by client_key, priority, due_at limit 1)
    union all
    select n.client_key, n.issuer_key from lane l cross join lateral (
        select q.client_key, q.issuer_key from lastcall.delivery_queue q
        where q.client_key > l.client_key order by q.client_key, q.priority, q.due_at limit 1) n
),
lanes as materialized (
    select c.breaker_trips > 0 as is_open, c.breaker_opened_at, c.held_at is not null as is_held, d.due_at
    from (select * from lane limit $1::int4) l
    join lastcall.clients c on c.issuer_key = l.issuer_key and c.client_key = l.client_key
    left join lateral (
        select min(o.due_at) as due_at
        from unnest(enum_range(null::lastcall.priority)) p(priority) cross join lateral (
            select q.due_at from lastcall.delivery_queue q
            where q.client_key = l.client_key and q.priority = p.priority and q.due_at <= now() and q.lease_until <= now() and q.closing is null
                and q.due_at > case when c.breaker_recovered_at > now() then c.breaker_closed_at else '-infinity' end
            order by q.due_at limit 1) o
        where c.held_at is null and c.deleted_at is null and c.breaker_trips = 0) d on true
)
select coalesce(pg_stat_get_live_tuples(t.oid), 0), coalesce(pg_stat_get_dead_tuples(t.oid), 0), l.count, l.open, l.held, l.open_for, l.late,
    (select max(extract(epoch from clock_timestamp() - coalesce(a.xact_start, a.query_start, a.backend_start)))
    from pg_catalog.pg_stat_activity a
    where (a.backend_xmin is not null or a.backend_xid is not null) and a.pid <> pg_backend_pid()
        and (a.backend_type is null or a.backend_type in ('client backend', 'walsender')))::float8
from (select 'lastcall.delivery_queue'::regclass as oid) t cross join (
    select count(*)::int4 as count, (count(*) filter (where is_open))::int4 as open, (count(*) filter (where is_held))::int4 as held,
        extract(epoch from now() - min(breaker_opened_at) filter (where is_open and breaker_opened_at > '-infinity'))::float8 as open_for,
        extract(epoch from now() - min(due_at))::float8 as late
    from lanes) l
