-- Let a client's deliveries wait, or go. $1 issuer_key int4 · $2 client_id text · $3 hold bool. Returns: client_key, where that was a change.
update lastcall.clients set held_at = case when $3::bool then now() end
where issuer_key = $1::int4 and client_id = $2::text and deleted_at is null and kind = 'relying_party' and (held_at is not null) <> $3::bool
returning client_key
