-- Receivers of Shared Signals: clients that are told by pushed Security Event Tokens (RFC 8935) in the place of logout tokens. Their endpoint_url is
-- in backchannel_logout_uri, which is where a client's deliveries go whatever they are, and so every statement on the queue knows them
-- already; their Authorization header is in sealed_secret, sealed for that URL.
alter table lastcall.clients
    add column shared_signals jsonb,               -- method, aud, events_requested; null: the client takes logout tokens
    add column has_secret boolean not null generated always as (sealed_secret is not null) stored,
    add check (shared_signals is null or backchannel_logout_uri is not null);
-- An issuer's statements set a secret, and learn whether there is one. They read none.
grant select (shared_signals, has_secret), insert (shared_signals), update (shared_signals, sealed_secret) on lastcall.clients to lastcall_tenant;
