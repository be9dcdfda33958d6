-- What has settled since, of the issuers that somebody listens to. $1 issuer_key int4[] · $2 and $3 behind this place: xact int8,
-- audit_id uuid · $4 limit int4. Returns what audit_settled does.
select h.horizon::text::int8, e.xact::text::int8, e.issuer_key, e.audit_id, e.type, e.severity, e.subject_id, e.session_durability,
    e.client_id, e.actor, e.data
from (select pg_snapshot_xmin(pg_current_snapshot()) as horizon) h
left join lateral (
    select xact, issuer_key, audit_id, type::text, severity::text, subject_id, session_durability::text, client_id, actor, data
    from lastcall.audit_events
    where (xact, audit_id) > ($2::int8::text::xid8, $3::uuid) and xact < h.horizon and issuer_key = any($1::int4[])
    order by xact, audit_id limit $4::int4) e on true
order by e.xact, e.audit_id
