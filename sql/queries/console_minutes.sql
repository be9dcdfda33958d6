-- What became of the newest deliveries that have ended, by the minute of their events, oldest first. $1 issuer_key int4 · $2 of events from this id on
-- uuid · $3 at most so many deliveries int4. Returns: how many were looked at int8, minute, delivered, failed or expired, other ends; the three int8.
-- Without a minute one row, in which all but the first is null.
with recent as materialized (
    select d.delivery_id, d.status from lastcall.deliveries d
    where d.issuer_key = $1::int4 and d.delivery_id >= $2::uuid order by d.delivery_id desc limit $3::int4
), minutes as (
    select date_trunc('minute', lastcall.uuid7_time(delivery_id)) as minute, count(*) filter (where status = 'delivered') as delivered,
        count(*) filter (where status in ('failed', 'expired')) as failed,
        count(*) filter (where status not in ('delivered', 'failed', 'expired')) as other
    from recent where not lastcall.is_webhook(delivery_id) group by minute
)
select l.looked, m.minute, m.delivered, m.failed, m.other
from (select count(*) as looked from recent) l left join minutes m on true order by m.minute
