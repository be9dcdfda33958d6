-- How the partitioned tables stand. $1 count rows so far int4
-- Returns a row for each: name, days after today for which there are tables, rows in the default partition.
select parent, days_ahead, default_rows from lastcall.partition_state($1::int4)
