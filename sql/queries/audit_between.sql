-- Audit events of an issuer between two places, in the order of sealing. $1 issuer_key int4 · $2 and $3 behind this place: xact int8,
-- audit_id uuid · $4 and $5 up to this place · $6 limit int4.
select audit_id, type::text, severity::text, subject_id, session_durability::text, client_id, actor, data
from lastcall.audit_events
where issuer_key = $1::int4 and (xact, audit_id) > ($2::int8::text::xid8, $3::uuid) and (xact, audit_id) <= ($4::int8::text::xid8, $5::uuid)
order by xact, audit_id limit $6::int4
