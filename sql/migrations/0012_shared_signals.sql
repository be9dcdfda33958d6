-- Receivers of Shared Signals: clients that are told by pushed Security Event Tokens (RFC 8935) in the place of logout tokens. Their endpoint_url is
-- in backchannel_logout_uri, which is where a client's deliveries go whatever they are, and so every statement on the queue knows them
-- already; their Authorization header is in sealed_secret, sealed for that URL. Nothing here rewrites the table: to a transaction that began before
-- a rewrite, such as an OP's own at the SQL door, it would be empty.
alter table lastcall.clients
    add column shared_signals jsonb,               -- method, aud, events_requested; null: the client takes logout tokens
    add column has_secret boolean not null default false,   -- of a receiver: whether there is a sealed_secret
    -- Their metadata name an encryption that there is not, and that no statement shows: a worker that knows no shared_signals does not encrypt
    -- so, and therefore sends a receiver nothing; an older API, which would make half an RP of it, is refused.
    add check (shared_signals is null or backchannel_logout_uri is not null and metadata ? 'id_token_encrypted_response_alg'
        and has_secret = (sealed_secret is not null));
-- An issuer's statements set a secret, and learn whether there is one. They read none.
grant select (shared_signals, has_secret), insert (shared_signals), update (shared_signals, sealed_secret, has_secret) on lastcall.clients to lastcall_tenant;
