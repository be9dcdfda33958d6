-- Stop an event's expansion, if one runs; waits for its step. $1 issuer_key int4 · $2 event_id uuid.
update lastcall.operations set status = 'cancelled', ended_at = clock_timestamp()
where issuer_key = $1::int4 and event_id = $2::uuid and kind = 'expand' and status = 'running'
