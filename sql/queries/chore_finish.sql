-- Note that a chore has come to its end. $1 name text · $2 seconds after which it is due again, sooner than it would be, float8 (null).
update lastcall.chores set finished_at = clock_timestamp(), due_at = least(due_at, clock_timestamp() + $2::float8 * interval '1 second')
where name = $1::text
