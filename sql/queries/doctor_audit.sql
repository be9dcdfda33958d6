-- Audit events that are not sealed. $1 count so far for each issuer int4. Returns: how many, and how many seconds old the oldest is (null: none).
with recursive keys(issuer_key) as (
    select min(issuer_key) from lastcall.audit_events
    union all
    select (select min(e.issuer_key) from lastcall.audit_events e where e.issuer_key > k.issuer_key)
    from keys k where k.issuer_key is not null
)
select count(*), extract(epoch from clock_timestamp() - min(lastcall.uuid7_time(u.audit_id)))::float8
from keys k
left join lateral (select s.last_xact, s.last_id from lastcall.audit_seals s where s.issuer_key = k.issuer_key
    order by s.number desc limit 1) s on true
cross join lateral (
    select e.audit_id from lastcall.audit_events e
    where e.issuer_key = k.issuer_key
        and (e.xact, e.audit_id) > (coalesce(s.last_xact, '0'), coalesce(s.last_id, '00000000-0000-0000-0000-000000000000'))
    order by e.xact, e.audit_id limit $1::int4) u
