-- Revoke an API key. $1 issuer_key int4 (null: any) · $2 api_key_id uuid. Returns: issuer_key, name.
update lastcall.api_keys set revoked_at = now()
where api_key_id = $2::uuid and revoked_at is null and ($1::int4 is null or issuer_key = $1::int4)
returning issuer_key, name
