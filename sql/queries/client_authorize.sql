-- Keep the Authorization header of a receiver of Shared Signals, or drop it, in the transaction that has put the client.
-- $1 issuer_key int4 · $2 client_id text · $3 sealed_secret bytea (null: none)
update lastcall.clients set sealed_secret = $3::bytea, has_secret = $3::bytea is not null
where issuer_key = $1::int4 and client_id = $2::text and deleted_at is null and kind = 'relying_party'
