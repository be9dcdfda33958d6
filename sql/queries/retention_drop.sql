-- Drop one table of a past day. $1 parent text · $2 day text · $3 retention of the installation's own trail, days int4
-- · $4 longest wait for its locks, milliseconds int4. Returns: dropped, kept, busy or gone (null: another process has the turn).
select lastcall.drop_day($1::text, $2::text::date, $3::int4, $4::int4)
