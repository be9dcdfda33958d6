-- What a worker must know of clients. $1 client_key int4[].
-- Returns: client_key, issuer_key, client_id, backchannel_logout_uri, session required, alg, delivery jsonb, version, whether it is a
-- completion webhook, its sealed_secret bytea, metadata jsonb: encryption, tls_client_certificate, ca; shared_signals jsonb (null: it takes logout tokens).
select client_key, issuer_key, client_id, backchannel_logout_uri, backchannel_logout_session_required, id_token_signed_response_alg, delivery, version,
    kind = 'completion_webhook', sealed_secret,
    case when shared_signals is null then metadata - 'client_name' else metadata - '{client_name,id_token_encrypted_response_alg}'::text[] end,
    shared_signals
from lastcall.clients where client_key = any($1::int4[])
