-- Take probes that wait, each once, and only where the attempt is over before its caller has gone.
-- $1 worker_key int4 · $2 at most this many int4 · $3 attempt_timeout_seconds where nobody says float8
-- Returns: probe_id, client_key, the client's version, the issuer's version.
with due as materialized (
    select p.probe_id, c.version as client_version, i.version as issuer_version
    from lastcall.probes p join lastcall.clients c on c.client_key = p.client_key join lastcall.issuers i on i.issuer_key = c.issuer_key
    where p.taken_at is null and c.deleted_at is null and c.backchannel_logout_uri is not null
        and p.expires_at > now() + coalesce(c.attempt_timeout_seconds, (i.delivery ->> 'attempt_timeout_seconds')::float8, $3::float8)
            * interval '1 second'
    order by p.probe_id limit $2::int4 for update of p skip locked
)
update lastcall.probes p set taken_at = clock_timestamp(), worker_key = $1::int4
from due d where p.probe_id = d.probe_id and p.taken_at is null
returning p.probe_id, p.client_key, d.client_version, d.issuer_version
