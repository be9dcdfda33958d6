-- The event that was accepted under an idempotency key. $1 issuer_key int4 · $2 SHA-256 of the key bytea. Returns: event_id.
select e.event_id from lastcall.logout_events e where e.issuer_key = $1::int4 and e.event_id = lastcall.event_under_key($2::bytea)
