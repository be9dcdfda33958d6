-- End participations whose time is over. $1 at most this many int4 · $2 deliver_within_seconds where nobody says float8
-- Returns: looked_at, removed, lanes int4[] that have something due now.
select looked_at, removed, lanes from lastcall.expire_step($1::int4, $2::float8)
