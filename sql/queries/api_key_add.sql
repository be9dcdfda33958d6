-- Create an API key. $1 api_key_id uuid · $2 issuer_key int4 (null: operator) · $3 name text · $4 scopes text[] · $5 secret_hash bytea · $6 expires_at timestamptz (null)
insert into lastcall.api_keys (api_key_id, issuer_key, name, scopes, secret_hash, expires_at)
values ($1::uuid, $2::int4, $3::text, $4::text[], $5::bytea, $6::timestamptz)
returning api_key_id, name, scopes, created_at, expires_at
