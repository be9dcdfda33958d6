-- One client. $1 issuer_key int4 · $2 client_id text.
select client_key, client_id, backchannel_logout_uri, backchannel_logout_session_required, id_token_signed_response_alg,
    case when shared_signals is null then metadata else metadata - 'id_token_encrypted_response_alg' end, delivery,
    shared_signals, has_secret, held_at is not null as held, lastcall.breaker_state(breaker_trips, breaker_open_until), created_at, updated_at
from lastcall.clients where issuer_key = $1::int4 and client_id = $2::text and deleted_at is null and kind = 'relying_party'
