-- Create coming partitions, drop old idempotency keys: one table a call, to be called until nothing is left. $1 days ahead int4.
-- Returns: tables changed, 0 or 1 (null: another process had the turn).
select lastcall.keep_partitions($1::int4)
