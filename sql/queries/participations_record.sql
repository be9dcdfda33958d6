-- Record participations, one element each: $1 issuer_key int4[] · $2 session_id text[] · $3 client_id text[] · $4 sid text[] (null)
-- $5 sub text[] · $6 user_id text[] (null: the sub) · $7 user_agent_id text[] (null) · $8 expires_at timestamptz[] (null)
-- Returns for each, in order: outcome ('created', 'changed', 'no_client', 'expired'), created_at (null where it was not recorded).
-- A row that somebody else has locked refuses the statement soon (55P03); the array depends on wait_briefly, which so runs first.
with brief as materialized (select lastcall.wait_briefly(cardinality($1::int4[])) as is_set)
select r.outcome, r.created_at
from brief b cross join lateral lastcall.record(case when b.is_set then $1::int4[] end, $2::text[], $3::text[], $4::text[], $5::text[],
    $6::text[], $7::text[], $8::timestamptz[]) r
order by r.ord
