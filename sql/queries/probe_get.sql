-- How a probe stands. $1 issuer_key int4 · $2 probe_id uuid. Returns: whether it was taken, outcome text (null: not finished), http_status,
-- latency_ms, error, error_description.
select taken_at is not null, outcome::text, http_status, latency_ms, error, error_description
from lastcall.probes where issuer_key = $1::int4 and probe_id = $2::uuid
