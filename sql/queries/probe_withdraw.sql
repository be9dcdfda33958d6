-- Withdraw a probe that no worker has taken: it is never sent. $1 probe_id uuid. Returns it, unless it was taken.
delete from lastcall.probes where probe_id = $1::uuid and taken_at is null returning probe_id
