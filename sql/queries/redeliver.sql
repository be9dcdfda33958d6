-- Put ended deliveries back into the queue: same ids, attempts and leases counted on, a new deadline. The attempts up to now count against nobody.
-- $1 issuer_key int4 · $2 delivery_id uuid[] · $3 due_at of the first timestamptz · $4 seconds from each to the next float8
-- $5 deliver_within_seconds float8 (null: what the client, the issuer, or else $6 float8 says) · $7 priority text · $8 actor text
-- $9 operation_id uuid (null) · $10 only those that ended before this timestamptz (null: all)
-- One whose client is not there any more, has no URI, or needs the sid that it lacks ends again at once, and says so.
-- Returns a row for each that was redelivered: delivery_id, client_key (null: it ended again).
with ended as materialized (
    select d.*, u.place, lastcall.event_of(d.delivery_id) as event_id
    from unnest($2::uuid[]) with ordinality as u(delivery_id, place)
    join lastcall.deliveries d on d.issuer_key = $1::int4 and d.delivery_id = u.delivery_id
    where d.delivery_id = any($2::uuid[]) and ($10::timestamptz is null or d.ended_at < $10::timestamptz)
    order by d.delivery_id for update of d
),
placed as materialized (
    select d.issuer_key, d.delivery_id, d.event_id, d.client_id, d.sub, d.sid, d.status as old_status, d.reason as old_reason, d.lease_number, d.attempt_count,
        c.client_key, t.due_at, last.outcome, lost.is_known as was_unknown,
        case when c.client_key is null then 'client_not_found' when c.backchannel_logout_uri is null then 'no_backchannel_logout_uri'
            when c.backchannel_logout_session_required and d.sid is null then 'session_required_no_sid' end::lastcall.end_reason as reason,
        t.due_at + coalesce($5::float8, (c.delivery ->> 'deliver_within_seconds')::float8, (s.delivery ->> 'deliver_within_seconds')::float8, $6::float8)
            * interval '1 second' as deliver_before
    from ended d
    join lastcall.issuers s on s.issuer_key = d.issuer_key
    left join lastcall.clients c
        on c.issuer_key = d.issuer_key and c.client_id = d.client_id and c.deleted_at is null and c.kind = 'relying_party'
    cross join lateral (select greatest($3::timestamptz, now()) + (d.place - 1) * $4::float8 * interval '1 second' as due_at) t
    left join lateral (
        select a.outcome from lastcall.attempts a where a.issuer_key = d.issuer_key and a.delivery_id = d.delivery_id
        order by a.number desc limit 1) last on true
    -- An RP that may have acted on a lost worker's attempt may refuse this one for that reason.
    cross join lateral (
        select exists (select from lastcall.attempts a where a.issuer_key = d.issuer_key and a.delivery_id = d.delivery_id
            and a.outcome = 'unknown') as is_known) lost
),
removed as (
    delete from lastcall.deliveries d using placed p
    where d.issuer_key = p.issuer_key and d.delivery_id = p.delivery_id and d.delivery_id = any($2::uuid[]) and p.reason is null
),
queued as (
    insert into lastcall.delivery_queue (delivery_id, issuer_key, client_key, priority, due_at, deliver_before, lease_number,
        attempt_count, excused_count, last_outcome, outcome_was_unknown, sub, sid)
    select delivery_id, issuer_key, client_key, $7::text::lastcall.priority, due_at, deliver_before, lease_number,
        attempt_count, attempt_count, outcome, was_unknown, sub, sid
    from placed where reason is null order by delivery_id
),
again as (
    update lastcall.deliveries d
    set client_key = p.client_key, status = lastcall.status_of(p.reason), reason = p.reason, ended_at = clock_timestamp(),
        deliver_before = p.deliver_before, excused_count = d.attempt_count, nonstandard_status = false, rejected_after_unknown = false,
        is_delivered = false
    from placed p
    where d.issuer_key = p.issuer_key and d.delivery_id = p.delivery_id and d.delivery_id = any($2::uuid[]) and p.reason is not null
),
tally as materialized (
    select issuer_key, event_id, count(*) filter (where reason is null)::int as opened,
        count(*) filter (where old_status = 'delivered')::int as delivered,
        (count(*) filter (where old_status = 'failed') - count(*) filter (where lastcall.status_of(reason) = 'failed' and reason is not null))::int as failed,
        count(*) filter (where old_status = 'expired')::int as expired, count(*) filter (where old_status = 'cancelled')::int as cancelled,
        (count(*) filter (where old_status = 'not_covered') - count(*) filter (where reason = 'no_backchannel_logout_uri'))::int as not_covered
    from placed group by issuer_key, event_id
),
locked as materialized (
    select e.issuer_key, e.event_id, e.open_count + t.opened = 0 and not e.expanding as ends from tally t
    join lastcall.logout_events e on e.issuer_key = t.issuer_key and e.event_id = t.event_id
    order by e.issuer_key, e.event_id for no key update of e
),
counted as (
    update lastcall.logout_events e
    set open_count = e.open_count + t.opened, delivered = e.delivered - t.delivered, failed = e.failed - t.failed, expired = e.expired - t.expired,
        cancelled = e.cancelled - t.cancelled, not_covered = e.not_covered - t.not_covered,
        status = case when l.ends then lastcall.event_end(e.matched, e.excluded, e.not_covered - t.not_covered, e.delivered - t.delivered,
            e.cancelled - t.cancelled) else 'in_progress' end,
        ended_at = case when l.ends then clock_timestamp() end, end_count = e.end_count + case when l.ends then 1 else 0 end
    from tally t join locked l using (issuer_key, event_id)
    where e.issuer_key = t.issuer_key and e.event_id = t.event_id
    returning e.issuer_key, e.event_id, l.ends, e.end_count, e.status, e.session_durability
),
webhook as (
    insert into lastcall.delivery_queue (delivery_id, issuer_key, client_key, due_at, deliver_before)
    select lastcall.webhook_id(c.event_id, c.end_count), c.issuer_key, w.client_key, clock_timestamp(), clock_timestamp() + w.deliver_within
    from counted c join lastcall.completion_webhooks w on w.issuer_key = c.issuer_key
    where c.ends
),
noted as (
    select issuer_key, delivery_id as subject_id, 0 as step, 'logout.back_channel.redelivered'::lastcall.audit_type as type, client_id, $8::text as actor,
        jsonb_strip_nulls(jsonb_build_object('status', old_status, 'reason', old_reason, 'attempts', attempt_count, 'redelivery', $9::uuid)) as data
    from placed
    union all
    select issuer_key, delivery_id, 1,
        case reason when 'no_backchannel_logout_uri' then 'bcl.client_not_covered' else 'logout.back_channel.failed' end::lastcall.audit_type,
        client_id, $8::text, jsonb_build_object('reason', reason)
    from placed where reason is not null
    union all
    select issuer_key, event_id, 2, 'logout.ended', null, 'system', jsonb_build_object('status', status) from counted where ends
),
audit as (
    insert into lastcall.audit_events (issuer_key, type, severity, subject_id, session_durability, client_id, actor, data)
    select n.issuer_key, n.type, lastcall.severity_of(n.type, c.session_durability), n.subject_id, c.session_durability, n.client_id, n.actor, n.data
    from noted n left join counted c on c.issuer_key = n.issuer_key and c.event_id = lastcall.event_of(n.subject_id)
    order by n.step, n.subject_id
)
select delivery_id, case when reason is null then client_key end from placed
