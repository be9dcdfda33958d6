-- Lock a delivery that has ended. $1 issuer_key int4 · $2 delivery_id uuid.
-- Returns one row: its status (null: it has not ended, or is not there), whether it is open. Neither: it moved meanwhile, or there is none; ask again.
with ended as materialized (
    select d.status from lastcall.deliveries d where d.issuer_key = $1::int4 and d.delivery_id = $2::uuid for update
)
select (select status::text from ended),
    exists (select from lastcall.delivery_queue q where q.issuer_key = $1::int4 and q.delivery_id = $2::uuid)
