-- Mark open deliveries of an event, in the order of ids, to end as cancelled. Those in flight end so when their attempt is over, unless delivered.
-- $1 issuer_key int4 · $2 behind this id uuid · $3 before this id uuid · $4 at most this many int4 · $5 actor text
-- Returns: how many, the last of them.
with open as materialized (
    select q.issuer_key, q.delivery_id from lastcall.delivery_queue q
    where q.issuer_key = $1::int4 and q.delivery_id > $2::uuid and q.delivery_id < $3::uuid and q.closing is null
    order by q.delivery_id limit $4::int4 for update
),
marked as (
    update lastcall.delivery_queue q set closing = 'cancelled_by_operator', closing_by = $5::text
    from open o where q.issuer_key = o.issuer_key and q.delivery_id = o.delivery_id
    returning q.delivery_id
)
select count(*)::int4, (array_agg(delivery_id order by delivery_id desc))[1] from marked
