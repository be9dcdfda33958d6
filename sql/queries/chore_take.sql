-- Take a chore that is due; no other process gets it before it is due again. $1 name text · $2 seconds until then float8. Returns its name.
update lastcall.chores set taken_at = now(), due_at = now() + $2::float8 * interval '1 second'
where name = $1::text and due_at <= now() returning name
