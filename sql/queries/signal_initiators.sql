-- Why the logouts happened that Security Event Tokens tell of. $1 issuer_key int4[] · $2 event_id uuid[]
-- Returns: issuer_key, event_id, initiator; nothing for an event that is gone.
select e.issuer_key, e.event_id, e.initiator::text
from (select distinct * from unnest($1::int4[], $2::uuid[]) u(issuer_key, event_id)) u
cross join lateral (select * from lastcall.logout_events e where e.issuer_key = u.issuer_key and e.event_id = u.event_id offset 0) e
