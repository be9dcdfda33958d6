-- Wait for the turn to register a client, until the transaction ends: who replaces it sees what it was. $1 issuer_key int4 · $2 client_id text.
select pg_advisory_xact_lock(hashtextextended('lastcall.clients.' || $2::text, issuer_key)) from lastcall.issuers where issuer_key = $1::int4
