-- Deliveries that have not ended, newest first; parameters as in deliveries_list.sql. $1 issuer_key int4 · $2 before this id uuid (null) · $3 at least this id uuid (null)
-- $4 client_id text · $5 sub text · $6 sid text · $7 status text[] · $8 reason text[] (each may be null) · $9 limit int4
select delivery_id, client_id, sub, sid, status::text, reason, nonstandard_status, rejected_after_unknown, attempt_count, next_attempt_at,
    deliver_before, ended_at
from lastcall.open_deliveries
where issuer_key = $1::int4 and ($2::uuid is null or delivery_id < $2::uuid) and ($3::uuid is null or delivery_id >= $3::uuid)
    and ($4::text is null or client_id = $4::text) and ($5::text is null or sub = $5::text) and ($6::text is null or sid = $6::text)
    and ($7::text[] is null or status::text = any($7::text[])) and ($8::text[] is null or reason = any($8::text[]))
order by delivery_id desc limit $9::int4
