-- Which of these events are over: ended, or gone with their issuer. $1 issuer_key int4[] · $2 event_id uuid[] (pairs)
-- A subquery and no join: each id is one look into the one partition that it belongs to, however many there are of both.
select w.event_id
from unnest($1::int4[], $2::uuid[]) as w(issuer_key, event_id)
where (select e.status from lastcall.logout_events e where e.issuer_key = w.issuer_key and e.event_id = w.event_id)
    is distinct from 'in_progress'
