-- The traces that events belong to. $1 issuer_key int4[] · $2 event_id uuid[] (pairs)
-- Returns: issuer_key, event_id, trace_id (null: none).
-- A subquery and no join: each id is one look into the one partition that it belongs to.
select w.issuer_key, w.event_id, (select e.trace_id from lastcall.logout_events e where e.issuer_key = w.issuer_key and e.event_id = w.event_id)
from unnest($1::int4[], $2::uuid[]) as w(issuer_key, event_id)
