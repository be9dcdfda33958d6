-- The attempts of a delivery, first to last. $1 issuer_key int4 · $2 delivery_id uuid.
select a.number, a.started_at, a.finished_at, a.outcome::text, a.http_status, a.late_http_status, a.error, a.error_description, a.remote_address,
    a.latency_ms, a.jti, a.kid, w.name
from lastcall.attempts a left join lastcall.workers w on w.worker_key = a.worker_key
where a.issuer_key = $1::int4 and a.delivery_id = $2::uuid order by a.number
