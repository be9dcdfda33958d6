-- Create or replace a client. $1 issuer_key int4 · $2 client_id text · $3 backchannel_logout_uri text · $4 session required bool · $5 alg text · $6 metadata jsonb · $7 delivery jsonb
-- $8 shared_signals jsonb (null: a client that takes logout tokens). A receiver's metadata get an encryption that no worker knows: see 0012_shared_signals.sql.
-- Returns the client, whether it is new.
insert into lastcall.clients as c (issuer_key, client_id, backchannel_logout_uri, backchannel_logout_session_required,
    id_token_signed_response_alg, metadata, delivery, shared_signals)
values ($1::int4, $2::text, $3::text, $4::bool, $5::text,
    case when $8::jsonb is null then $6::jsonb else $6::jsonb || '{"id_token_encrypted_response_alg": "secevent+jwt"}' end, $7::jsonb, $8::jsonb)
on conflict (issuer_key, client_id) where deleted_at is null and kind = 'relying_party' do update set backchannel_logout_uri = excluded.backchannel_logout_uri,
    backchannel_logout_session_required = excluded.backchannel_logout_session_required,
    id_token_signed_response_alg = excluded.id_token_signed_response_alg, metadata = excluded.metadata,
    delivery = excluded.delivery, shared_signals = excluded.shared_signals, version = c.version + 1, updated_at = now()
returning client_key, client_id, backchannel_logout_uri, backchannel_logout_session_required, id_token_signed_response_alg,
    case when shared_signals is null then metadata else metadata - 'id_token_encrypted_response_alg' end, delivery,
    shared_signals, has_secret, held_at is not null as held, lastcall.breaker_state(breaker_trips, breaker_open_until), created_at, updated_at, xmax = 0 as created
