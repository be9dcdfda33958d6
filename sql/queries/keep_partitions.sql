-- Create coming partitions, drop old idempotency keys. $1 days ahead int4.
-- Returns: tables changed (null: another process had the turn).
select lastcall.keep_partitions($1::int4)
