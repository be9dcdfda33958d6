-- Begin to cancel an event: it expands no further, and what was not expanded stays recorded. Where nothing is open then, it ends.
-- $1 issuer_key int4 · $2 event_id uuid · $3 actor text · $4 more open deliveries than this are an operation's work int4
-- Returns a row where there is such an event: whether it had ended already, its open deliveries, whether they are left to an operation.
with event as materialized (
    select * from lastcall.logout_events e where e.issuer_key = $1::int4 and e.event_id = $2::uuid for no key update
),
stopped as (
    update lastcall.logout_events e
    set expanding = false,
        status = case when e.open_count > 0 then e.status when e.matched = 0 then 'cancelled'
            else lastcall.event_end(e.matched, e.excluded, e.not_covered, e.delivered, e.cancelled) end,
        ended_at = case when e.open_count = 0 then clock_timestamp() end,
        end_count = e.end_count + case when e.open_count = 0 then 1 else 0 end
    from event o where e.issuer_key = o.issuer_key and e.event_id = o.event_id and o.expanding
    returning e.issuer_key, e.event_id, e.status, e.session_durability, e.end_count, e.ended_at is not null as ended
),
webhook as (
    insert into lastcall.delivery_queue (delivery_id, issuer_key, client_key, due_at, deliver_before)
    select lastcall.webhook_id(s.event_id, s.end_count), s.issuer_key, w.client_key, clock_timestamp(), clock_timestamp() + w.deliver_within
    from stopped s join lastcall.completion_webhooks w on w.issuer_key = s.issuer_key
    where s.ended
),
operation as (
    insert into lastcall.operations (issuer_key, kind, event_id, filter, matched, actor)
    select e.issuer_key, 'cancel', e.event_id, '{}', e.open_count, $3::text from event e
    where e.open_count > $4::int4 and not exists (
        select from lastcall.operations p where p.issuer_key = e.issuer_key and p.event_id = e.event_id and p.kind = 'cancel' and p.status = 'running')
),
audit as (
    insert into lastcall.audit_events (issuer_key, type, severity, subject_id, session_durability, actor, data)
    select issuer_key, 'logout.ended', lastcall.severity_of('logout.ended', session_durability), event_id, session_durability, $3::text,
        jsonb_build_object('status', status)
    from stopped where ended
)
select e.ended_at is not null, e.open_count, e.open_count > $4::int4 from event e
