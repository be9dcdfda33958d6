-- Where an audit event stands. $1 issuer_key int4 · $2 audit_id uuid. Returns its xact as int8; nothing where it is unknown, or
-- was restored from a cluster whose transactions are numbered otherwise.
select xact::text::int8 from lastcall.audit_events
where issuer_key = $1::int4 and audit_id = $2::uuid and xact < pg_snapshot_xmax(pg_current_snapshot())
