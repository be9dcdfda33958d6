-- Drop the oldest seals, of the next issuer, whose entries are all gone. $1 behind this issuer int4 · $2 at most this many int4
-- Returns: issuer_key, how many; no row where none has any.
select issuer_key, dropped from lastcall.drop_seals($1::int4, $2::int4)
