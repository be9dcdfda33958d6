-- The newest deliveries that failed or expired, by client and reason, most first. $1 issuer_key int4 · $2 of events from this id on uuid
-- $3 look at so many that were not delivered, whatever became of them int4 · $4 behind so many groups, $5 at most so many groups int4
-- Returns: how many were looked at int8, client_id, status, reason, how many int8, the newest one's end, the newest one's delivery_id. Without a
-- group one row, in which all but the first is null.
with recent as materialized (
    select d.delivery_id, d.client_id, d.status, d.reason, d.ended_at from lastcall.deliveries d
    where d.issuer_key = $1::int4 and not d.is_delivered and d.delivery_id >= $2::uuid order by d.delivery_id desc limit $3::int4
), grouped as (
    select client_id, status, reason, count(*) as many, max(ended_at) as newest_at, (array_agg(delivery_id order by delivery_id desc))[1] as newest
    from recent where status in ('failed', 'expired') and not lastcall.is_webhook(delivery_id)
    group by client_id, status, reason order by count(*) desc, client_id, status, reason offset $4::int4 limit $5::int4
)
select l.looked, g.client_id, g.status::text, g.reason::text, g.many, g.newest_at, g.newest
from (select count(*) as looked from recent) l left join grouped g on true order by g.many desc, g.client_id, g.status, g.reason
