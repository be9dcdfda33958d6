-- Delete what is past in some blocks of a table. $1 parent text · $2 day text (null: the default partition) · $3 from this block int8
-- · $4 so many blocks int4 · $5 retention of the installation's own trail, days int4 · $6 longest wait for a row, milliseconds int4
-- Returns: rows deleted, whether blocks are left, whether a row was locked; no row where another process has the turn.
select deleted, has_more, is_busy from lastcall.delete_past($1::text, $2::text::date, $3::int8, $4::int4, $5::int4, $6::int4)
