-- Revoke an API key. $1 api_key_id uuid · $2 issuer_key int4 (null: any). Returns: issuer_key, name.
update lastcall.api_keys set revoked_at = now()
where api_key_id = $1::uuid and revoked_at is null and ($2::int4 is null or issuer_key = $2::int4)
returning issuer_key, name
