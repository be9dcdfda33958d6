-- Create or replace an issuer's completion webhook. $1 issuer_key int4 · $2 url text · $3 sealed_secret bytea (null: the one that is stored)
-- $4 deliver_within_seconds float8. The issuer's row is locked by the caller.
insert into lastcall.clients as c (issuer_key, kind, client_id, backchannel_logout_uri, backchannel_logout_session_required,
    id_token_signed_response_alg, metadata, delivery, sealed_secret)
values ($1::int4, 'completion_webhook', 'completion-webhook', $2::text, false, 'RS256', '{}',
    jsonb_build_object('deliver_within_seconds', $4::float8), $3::bytea)
on conflict (issuer_key) where deleted_at is null and kind = 'completion_webhook' do update
set backchannel_logout_uri = excluded.backchannel_logout_uri, sealed_secret = coalesce(excluded.sealed_secret, c.sealed_secret),
    delivery = excluded.delivery, version = c.version + 1, updated_at = now()
