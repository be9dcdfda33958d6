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
-- Each step hands all that the next ones need along its rows: a join of two steps would be planned for ten rows, and run as a loop in a loop.
-- Returns a row for each delivery that was fenced out (the lease is over or another worker's: nothing was written), and for each
-- event whose last open delivery ended: fenced_delivery, ended_event, webhook_lane (client_key of the webhook that this end queued); the others are null.
with input as materialized (
    select * from unnest($1::int4[], $2::uuid[], $3::uuid[], $4::int4[], $5::int4[], $6::text[], $7::text[], $8::int8[], $9::text[],
            $10::bool[], $11::bool[], $12::bool[], $13::int8[], $14::int8[], $15::int2[], $16::text[], $17::text[], $18::text[],
            $19::uuid[], $20::text[]) with ordinality
        as i(issuer_key, delivery_id, event_id, lease_number, attempt, status, reason, retry_after, outcome, excused,
            nonstandard_status, rejected_after_unknown, started_ago, finished_ago, http_status, error, error_description,
            remote_address, jti, kid, place)
),
-- An end is one whatever the row says of closing, so it needs no lock before it.
ended as (
    delete from lastcall.delivery_queue q using input i, lastcall.clients c
    where i.status <> 'retrying' and q.issuer_key = i.issuer_key and q.delivery_id = i.delivery_id and q.lease_number = i.lease_number
        and q.worker_key is not distinct from $21::int4   -- a crash can lose a claim's commit, and its number may, at worst, be given again
        and q.lease_until > '-infinity'   -- a lease that was settled or given back is over, though its number still stands
        and c.client_key = q.client_key
    returning i.*, q.client_key, c.client_id, q.attempt_count, q.excused_count, q.deliver_before, q.sub, q.sid, q.closing, q.closing_by
),
held as materialized (
    select i.*, q.client_key, c.client_id, q.closing, q.closing_by
    from input i
    join lastcall.delivery_queue q on q.issuer_key = i.issuer_key and q.delivery_id = i.delivery_id and q.lease_number = i.lease_number
        and q.worker_key is not distinct from $21::int4 and q.lease_until > '-infinity'
    join lastcall.clients c on c.client_key = q.client_key
    where i.status = 'retrying'
    order by q.issuer_key, q.delivery_id
    for update of q
),
retried as (
    update lastcall.delivery_queue q
    set due_at = case when clock_timestamp() + h.retry_after * interval '1 microsecond' > q.deliver_before - interval '250 milliseconds'
            then q.deliver_before else clock_timestamp() + h.retry_after * interval '1 microsecond' end, lease_until = '-infinity',
        attempt_count = q.attempt_count - case when h.outcome is null then 1 else 0 end,
        excused_count = q.excused_count + case when h.excused then 1 else 0 end,
        last_outcome = coalesce(h.outcome::lastcall.attempt_outcome, q.last_outcome),
        outcome_was_unknown = q.outcome_was_unknown or coalesce(h.outcome = 'unknown', false)
    from held h
    where h.closing is null and q.issuer_key = h.issuer_key and q.delivery_id = h.delivery_id
),
closed as (
    delete from lastcall.delivery_queue q using held h
    where h.closing is not null and q.issuer_key = h.issuer_key and q.delivery_id = h.delivery_id
    returning h.*, q.attempt_count, q.excused_count, q.deliver_before, q.sub, q.sid
),
over as materialized (
    select e.*, lastcall.is_webhook(e.delivery_id) as is_webhook,
        case when e.closing is not null and e.status <> 'delivered' then lastcall.status_of(e.closing) else e.status::lastcall.delivery_status end as end_status,
        case when e.closing is not null and e.status <> 'delivered' then e.closing else e.reason::lastcall.end_reason end as end_reason,
        case when e.closing is not null and e.status <> 'delivered' then coalesce(e.closing_by, 'system') else 'system' end as actor
    from (
        select issuer_key, delivery_id, event_id, lease_number, attempt, status, reason, outcome, excused, nonstandard_status, rejected_after_unknown,
            started_ago, finished_ago, http_status, error, error_description, remote_address, jti, kid, client_key, client_id, attempt_count,
            excused_count, deliver_before, sub, sid, closing, closing_by, place::int from ended
        union all
        select issuer_key, delivery_id, event_id, lease_number, attempt, status, reason, outcome, excused, nonstandard_status, rejected_after_unknown,
            started_ago, finished_ago, http_status, error, error_description, remote_address, jti, kid, client_key, client_id, attempt_count,
            excused_count, deliver_before, sub, sid, closing, closing_by, place::int from closed) e
),
kept as (
    insert into lastcall.deliveries (delivery_id, issuer_key, client_key, status, reason, ended_at, deliver_before, lease_number,
        attempt_count, excused_count, nonstandard_status, rejected_after_unknown, client_id, sub, sid, is_delivered)
    select delivery_id, issuer_key, client_key, end_status, end_reason, clock_timestamp(), deliver_before, lease_number,
        attempt_count - case when outcome is null then 1 else 0 end, excused_count + case when excused then 1 else 0 end,
        nonstandard_status, rejected_after_unknown, client_id, sub, sid, end_status = 'delivered'
    from over
),
tried as (
    insert into lastcall.attempts (delivery_id, issuer_key, number, started_at, finished_at, outcome, worker_key, latency_ms,
        http_status, jti, kid, remote_address, error, error_description)
    select delivery_id, issuer_key, attempt, clock_timestamp() - started_ago * interval '1 microsecond',
        clock_timestamp() - finished_ago * interval '1 microsecond', outcome::lastcall.attempt_outcome, $21::int4,
        (started_ago - finished_ago) / 1000, http_status, jti, kid, remote_address, error, error_description
    from (
        select delivery_id, issuer_key, attempt, started_ago, finished_ago, outcome, http_status, jti, kid, remote_address, error, error_description
        from over where outcome is not null
        union all
        select delivery_id, issuer_key, attempt, started_ago, finished_ago, outcome, http_status, jti, kid, remote_address, error, error_description
        from held where outcome is not null and closing is null) t
),
fenced as materialized (
    select delivery_id from input
    where (issuer_key, delivery_id) not in (select issuer_key, delivery_id from over union all select issuer_key, delivery_id from held)
),
tally as materialized (
    select issuer_key, event_id, count(*)::int as ended, count(*) filter (where end_status = 'delivered')::int as delivered,
        count(*) filter (where end_status = 'failed')::int as failed, count(*) filter (where end_status = 'expired')::int as expired,
        count(*) filter (where end_status = 'cancelled')::int as cancelled, count(*) filter (where end_status = 'not_covered')::int as not_covered
    from over where not is_webhook group by issuer_key, event_id
    order by issuer_key, event_id   -- in which they are locked: two batches never wait for each other in turn
),
counted as (
    update lastcall.logout_events e
    set open_count = e.open_count - t.ended, delivered = e.delivered + t.delivered, failed = e.failed + t.failed,
        expired = e.expired + t.expired, cancelled = e.cancelled + t.cancelled, not_covered = e.not_covered + t.not_covered,
        status = case when e.open_count = t.ended and not e.expanding then lastcall.event_end(e.matched, e.excluded, e.not_covered + t.not_covered,
            e.delivered + t.delivered, e.cancelled + t.cancelled) else e.status end,
        ended_at = case when e.open_count = t.ended and not e.expanding then clock_timestamp() end,
        end_count = e.end_count + case when e.open_count = t.ended and not e.expanding then 1 else 0 end
    from tally t
    where e.issuer_key = t.issuer_key and e.event_id = t.event_id
    returning e.issuer_key, e.event_id, e.ended_at is not null as ended, e.end_count, e.status
),
finished as materialized (
    select c.issuer_key, c.event_id, c.end_count, c.status, w.client_key as webhook_lane, clock_timestamp() + w.deliver_within as webhook_before
    from counted c left join lastcall.completion_webhooks w on w.issuer_key = c.issuer_key where c.ended
),
webhooks as (
    insert into lastcall.delivery_queue (delivery_id, issuer_key, client_key, due_at, deliver_before)
    select lastcall.webhook_id(event_id, end_count), issuer_key, webhook_lane, clock_timestamp(), webhook_before
    from finished where webhook_lane is not null
),
first as materialized (select lastcall.uuid7() as id),
-- Of most deliveries in a batch it says the same.
facts as materialized (
    select attempt, http_status, jsonb_build_object('attempt', attempt, 'http_status', http_status) as data
    from over where end_status = 'delivered' group by attempt, http_status
),
-- Attempts before ends, ends before the ends of events: the places, three bytes of the ids, keep them so.
audit as (
    insert into lastcall.audit_events (audit_id, issuer_key, type, severity, subject_id, client_id, actor, data)
    select lastcall.uuid7_nth((select id from first), place), issuer_key, 'logout.back_channel.attempted', 'info', delivery_id, client_id, 'system',
        jsonb_strip_nulls(jsonb_build_object('attempt', attempt, 'outcome', outcome, 'http_status', http_status, 'error', error))
    from (
        select place, issuer_key, delivery_id, client_id, attempt, outcome, http_status, error from over where outcome <> 'delivered' and not is_webhook
        union all
        select place::int, issuer_key, delivery_id, client_id, attempt, outcome, http_status, error from held
        where outcome is not null and closing is null and not lastcall.is_webhook(delivery_id)) a
    union all
    select lastcall.uuid7_nth((select id from first), 1048576 + place), issuer_key, t.type, lastcall.severity_of(t.type, null), delivery_id, client_id, actor,
        jsonb_build_object('attempts', attempt - case when outcome is null then 1 else 0 end, 'reason', end_reason)
    from over cross join lateral (
        select case end_status when 'expired' then 'logout.back_channel.expired'::lastcall.audit_type
            when 'cancelled' then 'logout.back_channel.cancelled' else 'logout.back_channel.failed' end as type) t
    where end_status <> 'delivered' and not is_webhook
    union all
    select lastcall.uuid7_nth((select id from first), 1048576 + o.place), o.issuer_key, 'logout.back_channel.delivered', 'info', o.delivery_id, o.client_id,
        o.actor, f.data
    from over o join facts f on f.attempt = o.attempt and f.http_status is not distinct from o.http_status
    where o.end_status = 'delivered' and not o.is_webhook
    union all
    select lastcall.uuid7_nth((select id from first), 1048576 + place), issuer_key, 'webhook.failed', lastcall.severity_of('webhook.failed', null), event_id, null,
        'system', jsonb_build_object('webhook_id', delivery_id, 'attempts', attempt - case when outcome is null then 1 else 0 end, 'status', end_status,
            'reason', end_reason)
    from over where is_webhook and end_status <> 'delivered'
    union all
    select lastcall.uuid7_nth((select id from first), 2097152 + (row_number() over ())::int), issuer_key, 'logout.ended', 'info', event_id, null, 'system',
        jsonb_build_object('status', status)
    from finished
)
select delivery_id as fenced_delivery, null::uuid as ended_event, null::int4 as webhook_lane from fenced
union all
select null, event_id, webhook_lane from finished
