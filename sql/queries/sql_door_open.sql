-- Let a role through the SQL door. $1 role text
select lastcall.open_sql_door($1::text)::text
