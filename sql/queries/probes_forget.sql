-- Delete probes of more than a day ago. $1 at most this many int4. Returns those that went.
delete from lastcall.probes where probe_id in (
    select probe_id from lastcall.probes where probe_id < lastcall.uuid7_floor(now() - interval '1 day') order by probe_id limit $1::int4
    for update skip locked)
returning probe_id
