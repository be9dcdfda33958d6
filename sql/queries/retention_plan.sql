-- What of the history is past. $1 retention of the installation's own trail, days int4
-- Returns: parent, day as YYYY-MM-DD (null: the default partition), whether the day's table can go as a whole. Oldest first.
select parent, day::text, is_whole from lastcall.retention_plan($1::int4)
