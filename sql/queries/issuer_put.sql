-- Create or replace an issuer. $1 name text · $2 issuer text · $3 session_durability text · $4 session_expiry text · $5 delivery jsonb · $6 retention_days int4 · $7 egress jsonb
-- Returns: issuer_key, whether it is new.
insert into lastcall.issuers as i (name, issuer, session_durability, session_expiry, delivery, retention_days, egress)
values ($1::text, $2::text, $3::text::lastcall.durability, $4::text::lastcall.session_expiry, $5::jsonb, $6::int4, $7::jsonb)
on conflict (name) do update set issuer = excluded.issuer, session_durability = excluded.session_durability,
    session_expiry = excluded.session_expiry, delivery = excluded.delivery, retention_days = excluded.retention_days,
    egress = excluded.egress, version = i.version + 1, updated_at = now()
returning issuer_key, xmax = 0 as created
