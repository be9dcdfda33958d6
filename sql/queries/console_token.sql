-- The delivery that a token was made for, looked for from the newest attempts back: an index on random ids would cost every delivery more than a
-- search now and then does. $1 issuer_key int4 · $2 jti uuid · $3 below this delivery_id uuid (null) · $4 look at so many attempts int4
-- Returns: the delivery (null: not among them), how many were looked at int8, the delivery of the last of them (null: there were none).
with looked as materialized (
    select a.delivery_id, a.jti from lastcall.attempts a
    where a.issuer_key = $1::int4 and ($3::uuid is null or a.delivery_id < $3::uuid) order by a.delivery_id desc limit $4::int4
)
select (select l.delivery_id from looked l where l.jti = $2::uuid limit 1), (select count(*) from looked),
    (select l.delivery_id from looked l order by l.delivery_id limit 1)
