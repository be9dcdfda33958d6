-- The tables whose statistics Lastcall keeps: partitioned ones, which autovacuum never looks at, and the queue. Returns: a command for each.
select format('analyze lastcall.%I', c.relname) from pg_catalog.pg_class c
where c.relnamespace = 'lastcall'::regnamespace and ((c.relkind = 'p' and not c.relispartition) or c.relname = 'delivery_queue')
order by c.relname
