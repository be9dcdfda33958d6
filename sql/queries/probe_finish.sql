-- Write down what a probe met, once, with its audit event.
-- $1 probe_id uuid · $2 worker_key int4 (null: whoever took it never said) · $3 outcome text · $4 http_status int2 · $5 latency_ms int4
-- $6 error text · $7 error_description text
-- Returns: the probe's id, unless somebody else has finished it.
with done as (
    update lastcall.probes p
    set finished_at = clock_timestamp(), outcome = $3::text::lastcall.attempt_outcome, http_status = $4::int2, latency_ms = $5::int4,
        error = $6::text, error_description = $7::text
    where p.probe_id = $1::uuid and p.taken_at is not null and p.finished_at is null and ($2::int4 is null or p.worker_key = $2::int4)
    returning p.*
),
audit as (
    insert into lastcall.audit_events (issuer_key, type, severity, client_id, actor, data)
    select c.issuer_key, 'client.probed', lastcall.severity_of('client.probed', null), c.client_id, d.actor,
        jsonb_build_object('outcome', d.outcome, 'http_status', d.http_status, 'latency_ms', d.latency_ms)
    from done d join lastcall.clients c on c.client_key = d.client_key
)
select probe_id from done
