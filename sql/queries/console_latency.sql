-- How fast the newest deliveries were. $1 issuer_key int4 · $2 of events from this id on uuid · $3 at most so many attempts int4
-- Returns: attempts int8; milliseconds from the event to its deliveries' first POST, half and 99 of 100 are faster; milliseconds of an attempt, alike;
-- all float8 (null: there were none); the workers that made them text[].
with recent as materialized (
    select a.delivery_id, a.number, a.started_at, a.latency_ms, a.worker_key from lastcall.attempts a
    where a.issuer_key = $1::int4 and a.delivery_id >= $2::uuid order by a.delivery_id desc, a.number desc limit $3::int4
)
select count(*), percentile_cont(0.5) within group (order by wait), percentile_cont(0.99) within group (order by wait),
    percentile_cont(0.5) within group (order by latency_ms), percentile_cont(0.99) within group (order by latency_ms),
    array(select w.name from lastcall.workers w where w.worker_key in (select r.worker_key from recent r) order by w.name)
from (select r.*, case when number = 1 then extract(epoch from started_at - lastcall.uuid7_time(delivery_id))::float8 * 1000 end as wait from recent r) r
