-- Lease deliveries that must end without another attempt: past their deadline, marked as closing, or of a deleted client. Leases that run are left alone.
-- $1 worker_key int4 (null: an API process) · $2 lease seconds float8 · $3 at most this many of each kind int4
-- $4 client_key int4: only deliveries of this one, deleted, client (null: of all)
-- $5 issuer_key int4 · $6 event_id uuid: only deliveries of this one event that are marked as closing (null: of all)
-- Returns: delivery_id, issuer_key, client_key, lease_number, attempt_count, reason. Each goes to settle with no attempt made.
with due as materialized (
    (select issuer_key, delivery_id, 'deadline_passed'::lastcall.end_reason as reason from lastcall.delivery_queue
        where $4::int4 is null and $6::uuid is null and deliver_before <= now() and lease_until <= now() order by deliver_before limit $3::int4)
    union all
    (select issuer_key, delivery_id, closing from lastcall.delivery_queue
        where $4::int4 is null and $6::uuid is null and closing is not null and lease_until <= now() limit $3::int4)
    union all
    (select q.issuer_key, q.delivery_id, 'client_not_found' from lastcall.clients c join lastcall.delivery_queue q on q.client_key = c.client_key
        where c.deleted_at is not null and (c.client_key = $4::int4 or $4::int4 is null) and $6::uuid is null and q.lease_until <= now() limit $3::int4)
    union all
    (select issuer_key, delivery_id, closing from lastcall.delivery_queue
        where issuer_key = $5::int4 and delivery_id > $6::uuid and delivery_id < lastcall.end_of_deliveries($6::uuid)
            and closing is not null and lease_until <= now() order by delivery_id limit $3::int4)
),
orphans as (
    -- Accepted while their issuer was being deleted: nobody is left to tell, or to ask.
    delete from lastcall.delivery_queue q using due d
    where q.issuer_key = d.issuer_key and q.delivery_id = d.delivery_id and q.lease_until <= now()
        and not exists (select from lastcall.clients c where c.client_key = q.client_key)
),
locked as materialized (
    select q.issuer_key, q.delivery_id, q.lease_until as old_until, q.leased_at as old_at, q.worker_key as old_worker,
        q.attempt_count as old_attempt, coalesce(q.closing, d.reason) as reason
    from (select issuer_key, delivery_id, min(reason) as reason from due group by issuer_key, delivery_id) d
    join lastcall.delivery_queue q on q.issuer_key = d.issuer_key and q.delivery_id = d.delivery_id
    join lastcall.clients c on c.client_key = q.client_key
    where q.lease_until <= now()
    for update of q skip locked
),
seized as (
    update lastcall.delivery_queue q
    set leased_at = clock_timestamp(), lease_until = clock_timestamp() + $2::float8 * interval '1 second',
        lease_number = q.lease_number + 1, attempt_count = q.attempt_count + 1, worker_key = $1::int4
    from locked l where q.issuer_key = l.issuer_key and q.delivery_id = l.delivery_id
    returning q.delivery_id, q.issuer_key, q.client_key, q.lease_number, q.attempt_count, l.reason, l.old_until, l.old_at, l.old_worker, l.old_attempt
),
lost as (
    insert into lastcall.attempts (delivery_id, issuer_key, number, started_at, finished_at, outcome, worker_key)
    select delivery_id, issuer_key, old_attempt, old_at, now(), 'unknown', old_worker from seized where old_until > '-infinity'
    on conflict do nothing
),
audit as (
    insert into lastcall.audit_events (issuer_key, type, severity, subject_id, client_id, actor, data)
    select q.issuer_key, 'logout.back_channel.attempted', 'info', q.delivery_id, c.client_id, 'system',
        jsonb_build_object('attempt', q.old_attempt, 'outcome', 'unknown')
    from seized q join lastcall.clients c on c.client_key = q.client_key
    where q.old_until > '-infinity' and not lastcall.is_webhook(q.delivery_id)
)
select delivery_id, issuer_key, client_key, lease_number, attempt_count, reason::text from seized
