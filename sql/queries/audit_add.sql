-- Note what an operator changed, in the transaction of the change.
-- $1 issuer_key int4 (0: the installation) · $2 type text · $3 client_id text · $4 actor text · $5 data jsonb
insert into lastcall.audit_events (issuer_key, type, severity, client_id, actor, data)
values ($1::int4, $2::text::lastcall.audit_type, lastcall.severity_of($2::text::lastcall.audit_type, null), $3::text, $4::text, $5::jsonb)
