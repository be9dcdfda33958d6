-- Shut a role out. $1 role text
select lastcall.close_sql_door($1::text)::text
