-- What the next step of a redelivery in bulk concerns, in the order of ids, from its cursor on.
-- $1 operation_id uuid · $2 at most this many int4 · $3 at most this many looked at int4: a step is short however little fits the filter
-- A delivery that ended after the redelivery began is not its business: it may be one that it sent already.
-- Returns one row: delivery_id uuid[], the new cursor uuid (null: as it was), whether nothing is left.
with o as materialized (
    select issuer_key, created_at, filter ->> 'client_id' as client_id,
        array(select jsonb_array_elements_text(filter -> 'status'))::lastcall.delivery_status[] as statuses,
        case when filter ? 'reason' then array(select jsonb_array_elements_text(filter -> 'reason'))::lastcall.end_reason[] end as reasons,
        coalesce(greatest(cursor, lastcall.uuid7_floor((filter ->> 'created_after')::timestamptz)), '00000000-0000-0000-0000-000000000000') as lower,
        coalesce(lastcall.uuid7_floor((filter ->> 'created_before')::timestamptz), 'ffffffff-ffff-ffff-ffff-ffffffffffff') as upper
    from lastcall.operations where operation_id = $1::uuid
),
found as (
    select d.* from o cross join unnest(o.statuses) s(status) cross join lateral (
        select d.delivery_id, d.ended_at, d.reason from lastcall.deliveries d
        where o.client_id is null and d.issuer_key = o.issuer_key and d.status = s.status and d.status <> 'delivered'
            and d.delivery_id > o.lower and d.delivery_id < o.upper
        order by d.delivery_id limit $3::int4) d
    union all
    select d.* from o cross join unnest(o.statuses) s(status) cross join lateral (
        select d.delivery_id, d.ended_at, d.reason from lastcall.deliveries d
        where d.issuer_key = o.issuer_key and d.status = s.status and d.status <> 'delivered' and d.client_id = o.client_id
            and d.delivery_id > o.lower and d.delivery_id < o.upper
        order by d.delivery_id limit $3::int4) d
),
looked as (select * from found order by delivery_id limit $3::int4),
judged as (
    select l.delivery_id, l.ended_at < o.created_at and (o.reasons is null or l.reason = any(o.reasons))
        and get_byte(uuid_send(l.delivery_id), 13) < 255 as fits
    from looked l cross join o
),
ranked as (select delivery_id, fits, count(*) filter (where fits) over (order by delivery_id) as place from judged)
select coalesce(array_agg(delivery_id order by delivery_id) filter (where fits and place <= $2::int4), '{}'),
    (array_agg(delivery_id order by delivery_id desc) filter (where place <= $2::int4))[1],
    count(*) < $3::int4 and count(*) filter (where place > $2::int4) = 0
from ranked
