-- Create an API key. $1 issuer_key int4 (null: operator) · $2 api_key_id uuid · $3 name text · $4 scopes text[] · $5 secret_hash bytea
-- $6 expires_at timestamptz (null) · $7 calls_per_second int4 (null: what the settings say)
insert into lastcall.api_keys (issuer_key, api_key_id, name, scopes, secret_hash, expires_at, calls_per_second)
values ($1::int4, $2::uuid, $3::text, $4::text[], $5::bytea, $6::timestamptz, $7::int4)
returning api_key_id, name, scopes, calls_per_second, created_at, expires_at, last_used_at
