-- Audit events, newest first. $1 issuer_key int4 · $2 before this id uuid (null) · $3 type text[] · $4 severity text[] · $5 client_id text
-- $6 lowest and $7 highest subject uuid (each may be null) · $8 limit int4. Returns what audit_list does.
select audit_id, type::text, severity::text, subject_id, session_durability::text, client_id, actor, data
from lastcall.audit_events
where issuer_key = $1::int4 and ($2::uuid is null or audit_id < $2::uuid)
    and ($3::text[] is null or type::text = any($3::text[])) and ($4::text[] is null or severity::text = any($4::text[]))
    and ($5::text is null or client_id = $5::text) and ($6::uuid is null or subject_id between $6::uuid and $7::uuid)
order by audit_id desc limit $8::int4
