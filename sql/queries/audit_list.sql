-- Audit events, oldest first. $1 issuer_key int4 · $2 after this id uuid (null) · $3 at least this id, $4 below this id uuid (null)
-- $5 type text[] · $6 severity text[] · $7 client_id text · $8 lowest and $9 highest subject uuid (each may be null) · $10 limit int4
select audit_id, type::text, severity::text, subject_id, session_durability::text, client_id, actor, data
from lastcall.audit_events
where issuer_key = $1::int4 and ($2::uuid is null or audit_id > $2::uuid) and ($3::uuid is null or audit_id >= $3::uuid)
    and ($4::uuid is null or audit_id < $4::uuid) and ($5::text[] is null or type::text = any($5::text[]))
    and ($6::text[] is null or severity::text = any($6::text[])) and ($7::text is null or client_id = $7::text)
    and ($8::uuid is null or subject_id between $8::uuid and $9::uuid)
order by audit_id limit $10::int4
