-- Issuers with settled audit events that are not sealed yet, of all times; one step from issuer to issuer through the index.
-- Returns issuer_key.
with recursive keys(issuer_key) as (
    select min(issuer_key) from lastcall.audit_events
    union all
    select (select min(e.issuer_key) from lastcall.audit_events e where e.issuer_key > k.issuer_key)
    from keys k where k.issuer_key is not null
)
select k.issuer_key from keys k
left join lateral (select last_xact, last_id from lastcall.audit_seals s where s.issuer_key = k.issuer_key
    order by number desc limit 1) s on true
where k.issuer_key is not null and exists (
    select from lastcall.audit_events e
    where e.issuer_key = k.issuer_key
        and (e.xact, e.audit_id) > (coalesce(s.last_xact, '0'), coalesce(s.last_id, '00000000-0000-0000-0000-000000000000'))
        and (e.xact < pg_snapshot_xmin(pg_current_snapshot()) or e.xact >= pg_snapshot_xmax(pg_current_snapshot())))
