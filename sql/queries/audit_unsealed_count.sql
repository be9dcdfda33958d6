-- How many audit events of an issuer stand behind its last seal. $1 issuer_key int4 · $2 and $3 that place: xact int8, audit_id uuid
-- · $4 count no further int4.
select count(*) from (
    select from lastcall.audit_events where issuer_key = $1::int4 and (xact, audit_id) > ($2::int8::text::xid8, $3::uuid)
    limit $4::int4) e
