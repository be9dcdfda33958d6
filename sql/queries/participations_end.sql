-- End participations without telling, one element each: $1 issuer_key int4[] · $2 session_id text[] · $3 client_id text[]
-- $4 sid text[] (null: every one of that session and client)
-- Returns for each that ended something: its place from 1, how many ended. A row that somebody else has locked refuses the statement soon (55P03).
with brief as materialized (select lastcall.wait_briefly(cardinality($1::int4[])) as is_set)
select e.ord, e.ended
from brief b cross join lateral lastcall.end_recorded(case when b.is_set then $1::int4[] end, $2::text[], $3::text[], $4::text[]) e
