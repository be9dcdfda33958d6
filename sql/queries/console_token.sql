-- The delivery that a token was made for, looked for from the newest attempts back: an index on random ids would cost every delivery more than a
-- search now and then does. $1 issuer_key int4 · $2 jti uuid · $3 below the attempt of this delivery_id uuid (null) · $4 and number int4 (null)
-- $5 look at so many attempts int4
-- Returns: the delivery (null: not among them), how many were looked at int8, the delivery and the number of the last of them (null: there were none).
with looked as materialized (
    select a.delivery_id, a.number, a.jti from lastcall.attempts a
    where a.issuer_key = $1::int4 and a.delivery_id <= coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        and (a.delivery_id, a.number) < (coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'), coalesce($4::int4, 2147483647))
    order by a.delivery_id desc, a.number desc limit $5::int4
)
select (select l.delivery_id from looked l where l.jti = $2::uuid limit 1), (select count(*) from looked), e.delivery_id, e.number
from (values (1)) one left join lateral (select l.delivery_id, l.number from looked l order by l.delivery_id, l.number limit 1) e on true
