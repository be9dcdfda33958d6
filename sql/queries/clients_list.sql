-- Clients by client_id. $1 issuer_key int4 · $2 after this client_id text (null) · $3 limit int4
select client_key, client_id, backchannel_logout_uri, backchannel_logout_session_required, id_token_signed_response_alg,
    case when shared_signals is null then metadata else metadata - 'id_token_encrypted_response_alg' end, delivery,
    shared_signals, has_secret, held_at is not null as held, lastcall.breaker_state(breaker_trips, breaker_open_until), created_at, updated_at
from lastcall.clients
where issuer_key = $1::int4 and kind = 'relying_party' and deleted_at is null and ($2::text is null or client_id > $2::text) order by client_id limit $3::int4
