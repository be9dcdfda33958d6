-- The newest attempts at one client, newest first: of its deliveries among the newest that have ended, and of those that are tried again.
-- $1 issuer_key int4 · $2 client_id text · $3 of events from this id on uuid · $4 look at so many ended deliveries int4 · $5 at most so many of the
-- client's deliveries of each kind, and attempts int4
-- Returns: how many ended deliveries of the issuer were looked at int8, whether the client had more deliveries than were looked into; delivery_id,
-- number, started_at, outcome, HTTP status, latency in ms (null), error, error_description. Without an attempt one row, in which these are null.
with ended as materialized (
    select d.delivery_id, d.client_id from lastcall.deliveries d
    where d.issuer_key = $1::int4 and d.delivery_id >= $3::uuid order by d.delivery_id desc limit $4::int4
), own as materialized (
    select e.delivery_id from ended e where e.client_id = $2::text order by e.delivery_id desc limit $5::int4
), waiting as materialized (
    select q.delivery_id from lastcall.clients c join lastcall.delivery_queue q on q.client_key = c.client_key and q.issuer_key = c.issuer_key
    where c.issuer_key = $1::int4 and c.client_id = $2::text and c.kind = 'relying_party' and c.deleted_at is null and q.attempt_count > 0
    order by q.priority, q.due_at limit $5::int4
), made as (
    select a.delivery_id, a.number, a.started_at, a.outcome::text, a.http_status, a.latency_ms, a.error, a.error_description
    from (select delivery_id from own union all select delivery_id from waiting) f
    join lastcall.attempts a on a.issuer_key = $1::int4 and a.delivery_id = f.delivery_id order by a.started_at desc limit $5::int4
)
select l.looked, l.is_cut, m.*
from (select (select count(*) from ended) as looked,
    $5::int4 <= greatest((select count(*) from own), (select count(*) from waiting), (select count(*) from made)) as is_cut) l
left join made m on true order by m.started_at desc
