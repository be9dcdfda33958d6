-- Where somebody, a session, or whoever an event concerned is still logged in: a line for each client_id, sub and sid.
-- $1 issuer_key int4 · exactly one of $2 sub, $3 user_id, $4 session_id text, $5 event_id uuid; the others are null
-- $6 the most events, the newest, and $7 the most deliveries looked at int4
-- $8 client_id, $9 sub, $10 sid of the last line before this page text (null: the first page; '' stands for no sub, no sid) · $11 limit int4
-- Returns rows of three kinds: 'line' (client_id, sub, sid, delivery_id, status, reason, since (null while open), whether an open
--   participation decides), 'count' (status, reason, the same, how many lines), and one of 'cut' where more was there than is looked at.
-- The newest logout decides; a participation that began after it and is still open comes before it.
with events as materialized (
    (select s.event_id from lastcall.event_subjects s
        where s.issuer_key = $1::int4 and s.subject = coalesce($2::text, $3::text) order by s.event_id desc limit $6::int4 + 1)
    union all
    (select n.event_id from lastcall.events_naming($4::text, null, null, null, null, $6::int4 + 1) n where $4::text is not null)
    union all
    (select e.event_id from lastcall.logout_events e where e.issuer_key = $1::int4 and e.event_id = $5::uuid)
),
chosen as materialized (
    -- Of an event for many users only the deliveries under the user's own id are known to be theirs.
    select l.event_id, lastcall.end_of_deliveries(l.event_id) as upper, (select e.scope ?| array['user_id', 'session_id', 'sid', 'sub'] from lastcall.logout_events e
        where e.issuer_key = $1::int4 and e.event_id = l.event_id) as of_one_user
    from (select event_id from events order by event_id desc limit $6::int4) l
),
told as materialized (
    select d.*
    from chosen e
    cross join lateral (
        select v.client_id, v.sub, v.sid, v.delivery_id, v.status, v.reason, v.ended_at
        from lastcall.delivery_view v
        where v.issuer_key = $1::int4 and v.delivery_id > e.event_id and v.delivery_id < e.upper
        offset 0) d
    where ($2::text is null or d.sub = $2::text) and ($3::text is null or e.of_one_user or d.sub = $3::text)
    limit $7::int4 + 1
),
newest as materialized (
    select distinct on (t.client_id, t.sub, t.sid) t.*
    from told t
    order by t.client_id, t.sub, t.sid, lastcall.event_of(t.delivery_id) desc, t.status = 'delivered', t.delivery_id desc
),
open as (
    select p.client_key, p.sub, p.sid, p.created_at, p.expires_at from lastcall.participations p where p.issuer_key = $1::int4 and p.sub = $2::text
    union all
    select p.client_key, p.sub, p.sid, p.created_at, p.expires_at from lastcall.participations p where p.issuer_key = $1::int4 and p.user_id = $3::text
    union all
    select p.client_key, p.sub, p.sid, p.created_at, p.expires_at from lastcall.participations p
    where p.issuer_key = $1::int4 and p.sub = $3::text and p.user_id is null
    union all
    select p.client_key, p.sub, p.sid, p.created_at, p.expires_at from lastcall.participations p
    where p.issuer_key = $1::int4 and p.session_id = $4::text
    union all
    select p.client_key, p.sub, p.sid, p.created_at, p.expires_at
    from newest n
    cross join lateral (
        select p.* from lastcall.clients c
        join lastcall.participations p on p.issuer_key = $1::int4 and p.sub = n.sub and p.client_key = c.client_key
        where c.issuer_key = $1::int4 and c.client_id = n.client_id and c.deleted_at is null and c.kind = 'relying_party'
            and p.sid is not distinct from n.sid
        offset 0) p
    where $5::uuid is not null
),
logins as materialized (
    select c.client_id, o.sub, o.sid, max(o.created_at) as at
    from open o join lastcall.clients c on c.client_key = o.client_key
    where o.expires_at is null or o.expires_at > now()
    group by c.client_id, o.sub, o.sid
),
lines as materialized (
    select coalesce(n.client_id, l.client_id) as client_id, coalesce(n.sub, l.sub) as sub, coalesce(n.sid, l.sid) as sid,
        coalesce(l.at > lastcall.uuid7_time(n.delivery_id), n.delivery_id is null) as logged_in,
        n.delivery_id, n.status, n.reason, n.ended_at, l.at
    from newest n
    full join logins l on l.client_id = n.client_id and l.sub = coalesce(n.sub, '') and coalesce(l.sid, '') = coalesce(n.sid, '')
),
page as (
    select * from lines
    where $8::text is null or (client_id, coalesce(sub, '') collate "C", coalesce(sid, '') collate "C") > ($8::text, $9::text, $10::text)
    order by client_id, coalesce(sub, '') collate "C", coalesce(sid, '') collate "C" limit $11::int4
)
(select 'line' as kind, client_id, sub, sid, case when not logged_in then delivery_id end, case when not logged_in then status::text end,
    case when not logged_in then reason end, case when logged_in then at else ended_at end as since, logged_in, 1 as count
from page order by client_id, coalesce(sub, '') collate "C", coalesce(sid, '') collate "C")
union all
select 'count', null, null, null, null, case when not logged_in then status::text end, case when not logged_in then reason end, null, logged_in,
    count(*)::int
from lines group by logged_in, 6, 7
union all
select 'cut', null, null, null, null, null, null, null, false, 0
where (select count(*) from events) > $6::int4 or (select count(*) from told) > $7::int4
