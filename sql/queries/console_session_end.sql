-- Signs out. $1 session_hash bytea
delete from lastcall.console_sessions where session_hash = $1::bytea
