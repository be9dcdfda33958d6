-- Settle claimed deliveries: one statement for a mixed batch, each row fenced by its lease number, sorted by delivery_id.
-- $1 issuer_key int4[] · $2 delivery_id uuid[] · $3 event_id uuid[] · $4 lease_number int4[] · $5 attempt number int4[]
-- $6 status text[]: 'retrying' or an end · $7 reason text[] (of an end, or null) · $8 retry after, microseconds int8[] (of 'retrying')
-- $9 outcome text[] (null: no attempt was made; the count is given back) · $10 excused bool[] (the attempt counts against nobody)
-- $11 nonstandard_status bool[] · $12 rejected_after_unknown bool[]
-- $13 started and $14 finished, microseconds ago int8[] · $15 http_status int2[] · $16 error text[] · $17 error_description text[]
-- $18 remote_address text[] · $19 jti uuid[] · $20 kid text[] · $21 worker_key int4
-- A completion webhook is settled like a delivery, but counts in no event and leaves nothing but 'webhook.failed' in the audit trail. Each
-- event that ends here gets its webhook, where its issuer has one, in this same statement.
-- A retry less than a quarter of a second before the deadline comes at the deadline, and is not sent any more.
-- A delivery that was marked as closing while its attempt was in flight ends as marked, unless the RP accepted it.
-- Returns a row per input: delivery_id, fenced (the lease is over or another worker's: nothing was written but late_http_status), ended_event (event_id, where this
-- was its last open delivery), webhook_lane (client_key of the webhook that this queued).
with input as materialized (
    select * from unnest($1::int4[], $2::uuid[], $3::uuid[], $4::int4[], $5::int4[], $6::text[], $7::text[], $8::int8[], $9::text[],
            $10::bool[], $11::bool[], $12::bool[], $13::int8[], $14::int8[], $15::int2[], $16::text[], $17::text[], $18::text[],
            $19::uuid[], $20::text[])
        as i(issuer_key, delivery_id, event_id, lease_number, attempt, status, reason, retry_after, outcome, excused,
            nonstandard_status, rejected_after_unknown, started_ago, finished_ago, http_status, error, error_description,
            remote_address, jti, kid)
),
held as materialized (
    select q.issuer_key, q.delivery_id, q.client_key, q.closing, coalesce(q.closing_by, 'system') as closing_by, c.client_id,
        case when q.closing is not null and i.status <> 'delivered' then lastcall.status_of(q.closing)
            else i.status::lastcall.delivery_status end as status,
        case when q.closing is not null and i.status <> 'delivered' then q.closing
            when i.status <> 'retrying' then i.reason::lastcall.end_reason end as reason
    from input i
    join lastcall.delivery_queue q
        on q.issuer_key = i.issuer_key and q.delivery_id = i.delivery_id and q.lease_number = i.lease_number
        and q.worker_key is not distinct from $21::int4   -- a crash can lose a claim's commit, and its number is given again
        and q.lease_until > '-infinity'   -- a lease that was settled or given back is over, though its number still stands
    join lastcall.clients c on c.client_key = q.client_key
    order by q.issuer_key, q.delivery_id
    for update of q
),
retried as (
    update lastcall.delivery_queue q
    set due_at = case when clock_timestamp() + i.retry_after * interval '1 microsecond' > q.deliver_before - interval '250 milliseconds'
            then q.deliver_before else clock_timestamp() + i.retry_after * interval '1 microsecond' end, lease_until = '-infinity',
        attempt_count = q.attempt_count - case when i.outcome is null then 1 else 0 end,
        excused_count = q.excused_count + case when i.excused then 1 else 0 end,
        last_outcome = coalesce(i.outcome::lastcall.attempt_outcome, q.last_outcome),
        outcome_was_unknown = q.outcome_was_unknown or coalesce(i.outcome = 'unknown', false)
    from held h join input i using (issuer_key, delivery_id)
    where q.issuer_key = h.issuer_key and q.delivery_id = h.delivery_id and q.lease_number = i.lease_number and h.status = 'retrying'
    returning q.issuer_key, q.delivery_id
),
removed as (
    delete from lastcall.delivery_queue q using held h
    where q.issuer_key = h.issuer_key and q.delivery_id = h.delivery_id and h.status <> 'retrying'
    returning q.issuer_key, q.delivery_id, q.lease_number, q.attempt_count, q.excused_count, q.deliver_before, q.sub, q.sid
),
ended as (
    insert into lastcall.deliveries (delivery_id, issuer_key, client_key, status, reason, ended_at, deliver_before, lease_number,
        attempt_count, excused_count, nonstandard_status, rejected_after_unknown, client_id, sub, sid)
    select r.delivery_id, r.issuer_key, h.client_key, h.status, h.reason, clock_timestamp(), r.deliver_before, r.lease_number,
        r.attempt_count - case when i.outcome is null then 1 else 0 end, r.excused_count + case when i.excused then 1 else 0 end,
        i.nonstandard_status, i.rejected_after_unknown, h.client_id, r.sub, r.sid
    from removed r join held h using (issuer_key, delivery_id) join input i using (issuer_key, delivery_id)
    returning issuer_key, delivery_id
),
tried as (
    insert into lastcall.attempts (delivery_id, issuer_key, number, started_at, finished_at, outcome, worker_key, latency_ms,
        http_status, jti, kid, remote_address, error, error_description)
    select i.delivery_id, i.issuer_key, i.attempt, clock_timestamp() - i.started_ago * interval '1 microsecond',
        clock_timestamp() - i.finished_ago * interval '1 microsecond', i.outcome::lastcall.attempt_outcome, $21::int4,
        (i.started_ago - i.finished_ago) / 1000, i.http_status, i.jti, i.kid, i.remote_address, i.error, i.error_description
    from input i join held h using (issuer_key, delivery_id) where i.outcome is not null
),
late as (
    update lastcall.attempts a set late_http_status = i.http_status
    from input i
    where a.issuer_key = i.issuer_key and a.delivery_id = i.delivery_id and a.number = i.attempt and a.outcome = 'unknown'
        and i.http_status is not null
        and not exists (select from held h where h.issuer_key = i.issuer_key and h.delivery_id = i.delivery_id)
),
tally as materialized (
    select i.issuer_key, i.event_id, count(*)::int as ended, count(*) filter (where h.status = 'delivered')::int as delivered,
        count(*) filter (where h.status = 'failed')::int as failed, count(*) filter (where h.status = 'expired')::int as expired,
        count(*) filter (where h.status = 'cancelled')::int as cancelled, count(*) filter (where h.status = 'not_covered')::int as not_covered
    from held h join input i using (issuer_key, delivery_id) where h.status <> 'retrying' and not lastcall.is_webhook(h.delivery_id)
    group by i.issuer_key, i.event_id
),
locked as materialized (
    select e.issuer_key, e.event_id from tally t
    join lastcall.logout_events e on e.issuer_key = t.issuer_key and e.event_id = t.event_id
    order by e.issuer_key, e.event_id for no key update of e
),
counted as (
    update lastcall.logout_events e
    set open_count = e.open_count - t.ended, delivered = e.delivered + t.delivered, failed = e.failed + t.failed,
        expired = e.expired + t.expired, cancelled = e.cancelled + t.cancelled, not_covered = e.not_covered + t.not_covered,
        status = case when e.open_count = t.ended and not e.expanding then lastcall.event_end(e.matched, e.excluded, e.not_covered + t.not_covered,
            e.delivered + t.delivered, e.cancelled + t.cancelled) else e.status end,
        ended_at = case when e.open_count = t.ended and not e.expanding then clock_timestamp() end,
        end_count = e.end_count + case when e.open_count = t.ended and not e.expanding then 1 else 0 end
    from tally t join locked l using (issuer_key, event_id)
    where e.issuer_key = t.issuer_key and e.event_id = t.event_id
    returning e.issuer_key, e.event_id, e.ended_at is not null as ended, e.end_count, e.status, e.session_durability
),
webhooks as (
    insert into lastcall.delivery_queue (delivery_id, issuer_key, client_key, due_at, deliver_before)
    select lastcall.webhook_id(c.event_id, c.end_count), c.issuer_key, w.client_key, clock_timestamp(),
        clock_timestamp() + w.deliver_within
    from counted c join lastcall.completion_webhooks w on w.issuer_key = c.issuer_key
    where c.ended
    returning issuer_key, lastcall.event_of(delivery_id) as event_id, client_key
),
noted as (
    select h.issuer_key, i.delivery_id as subject_id, 0 as step, 'logout.back_channel.attempted'::lastcall.audit_type as type, h.client_id,
        jsonb_strip_nulls(jsonb_build_object('attempt', i.attempt, 'outcome', i.outcome, 'http_status', i.http_status)) as data, 'system' as actor
    from held h join input i using (issuer_key, delivery_id) where i.outcome <> 'delivered' and not lastcall.is_webhook(h.delivery_id)
    union all
    select h.issuer_key, i.delivery_id, 1, ('logout.back_channel.' || case h.status when 'not_covered' then 'failed' else h.status::text end)::lastcall.audit_type,
        h.client_id, case h.status when 'delivered' then jsonb_build_object('attempt', i.attempt, 'http_status', i.http_status)
            else jsonb_build_object('attempts', i.attempt - case when i.outcome is null then 1 else 0 end, 'reason', h.reason) end,
        case when h.reason = h.closing then h.closing_by else 'system' end
    from held h join input i using (issuer_key, delivery_id) where h.status <> 'retrying' and not lastcall.is_webhook(h.delivery_id)
    union all
    select h.issuer_key, i.event_id, 1, 'webhook.failed', null, jsonb_build_object('webhook_id', h.delivery_id,
        'attempts', i.attempt - case when i.outcome is null then 1 else 0 end, 'status', h.status, 'reason', h.reason), 'system'
    from held h join input i using (issuer_key, delivery_id)
    where h.status not in ('retrying', 'delivered') and lastcall.is_webhook(h.delivery_id)
    union all
    select issuer_key, event_id, 2, 'logout.ended', null, jsonb_build_object('status', status), 'system' from counted where ended
),
audit as (
    insert into lastcall.audit_events (issuer_key, type, severity, subject_id, client_id, actor, data)
    select issuer_key, type, lastcall.severity_of(type, null), subject_id, client_id, actor, data
    from (select * from noted order by step, subject_id) n
)
select i.delivery_id, h.delivery_id is null as fenced, c.event_id as ended_event, w.client_key as webhook_lane
from input i left join held h using (issuer_key, delivery_id)
left join counted c on c.issuer_key = i.issuer_key and c.event_id = i.event_id and c.ended
left join webhooks w on w.issuer_key = c.issuer_key and w.event_id = c.event_id
