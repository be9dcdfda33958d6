-- Wake the workers of other processes, after the commit. $1 lanes, comma separated, or empty for "look everywhere" text.
select pg_notify('lastcall_due', $1::text)
