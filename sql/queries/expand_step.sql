-- One step of an expansion that waits. $1 at most this many participations int4 · $2 deliver_within_seconds where nobody says float8
-- Returns: whether an expansion waited, lanes int4[] that have something due now.
select lanes is not null, coalesce(lanes, '{}') from lastcall.expand_step($1::int4, $2::float8) lanes
