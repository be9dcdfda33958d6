-- Withdraw a probe that no worker has taken: it is never sent. $1 issuer_key int4 · $2 probe_id uuid. Returns it, unless it was taken.
delete from lastcall.probes where issuer_key = $1::int4 and probe_id = $2::uuid and taken_at is null returning probe_id
