--! breaking: the first schema
-- Issuers, clients, keys; the hot queue; the append-only history, partitioned by day through time-ordered ids.

-- Ids ------------------------------------------------------------------------------------------------------------
-- A logout event's id is a UUIDv7 (RFC 9562 5.7) whose last three bytes are zero; its deliveries are the same id with
-- their ordinal, counted from 1, in those bytes. So one primary key finds an event, a delivery and all deliveries of
-- an event, and a partition by id is a partition by time. docs/decisions/0002-ids.md has the reasons.

-- The twelve bits behind the millisecond count its 4,096ths, so ids of one process sort in the order they were made.
create function lastcall.uuid7(at timestamptz default clock_timestamp()) returns uuid
language plpgsql volatile parallel safe as $$
declare
    us bigint := extract(epoch from at) * 1000000;
begin
    return encode(int8send(((us / 1000) << 16) | 28672 | ((us % 1000) * 4096 / 1000))
        || substring(uuid_send(gen_random_uuid()) from 9), 'hex')::uuid;
end $$;

-- The n-th of the ids that one statement gives to its rows, counted from 1: an id of its own, with n in the three bytes behind its random ones.
create function lastcall.uuid7_nth(id uuid, n int) returns uuid
language sql immutable parallel safe as $$
    select overlay(id::text placing lpad(to_hex(n), 6, '0') from 25 for 6)::uuid
$$;

create function lastcall.new_event_id() returns uuid
language sql volatile parallel safe as $$
    select encode(overlay(uuid_send(lastcall.uuid7()) placing '\x000000'::bytea from 14), 'hex')::uuid
$$;

-- The lowest id of a millisecond: where a partition begins.
create function lastcall.uuid7_floor(at timestamptz) returns uuid
language sql immutable parallel safe as $$
    select (lpad(to_hex(floor(extract(epoch from at) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid
$$;

-- When an id was made, to the microsecond.
create function lastcall.uuid7_time(id uuid) returns timestamptz
language sql immutable parallel safe as $$
    select timestamptz 'epoch' + (('x' || left(h, 12))::bit(48)::bigint * 1000 + (('x' || right(h, 3))::bit(12)::int * 1000 + 4095) / 4096)
        * interval '1 microsecond'
    from (select left(replace(id::text, '-', ''), 16) as h) t
$$;

create function lastcall.delivery_id(event_id uuid, ordinal int) returns uuid
language sql immutable parallel safe as $$
    select encode(overlay(uuid_send(event_id) placing substring(int4send(ordinal) from 2) from 14), 'hex')::uuid
$$;

create function lastcall.event_of(delivery_id uuid) returns uuid
language sql immutable parallel safe as $$
    select encode(overlay(uuid_send(delivery_id) placing '\x000000'::bytea from 14), 'hex')::uuid
$$;

-- The queue row of an event's completion webhook: ordinals from 0xFF0000 up, one for each time that the event ends, counted from 1.
create function lastcall.webhook_id(event_id uuid, end_count int) returns uuid
language sql immutable parallel safe as $$
    select lastcall.delivery_id(event_id, 16777216 - end_count)
$$;

create function lastcall.is_webhook(delivery_id uuid) returns boolean
language sql immutable parallel safe as $$
    select get_byte(uuid_send(delivery_id), 13) = 255
$$;

-- Above the ids of all deliveries of an event, and not above those of its webhooks.
create function lastcall.end_of_deliveries(event_id uuid) returns uuid
language sql immutable parallel safe as $$
    select lastcall.delivery_id(event_id, 16711680)
$$;

-- Words ----------------------------------------------------------------------------------------------------------
-- A test compares each list with its Swift enum.

create type lastcall.durability as enum ('volatile', 'durable');
create type lastcall.session_expiry as enum ('ignore', 'logout');
create type lastcall.key_stage as enum ('next', 'active', 'retired');
create type lastcall.priority as enum ('interactive', 'bulk');
create type lastcall.client_kind as enum ('relying_party', 'completion_webhook');
create type lastcall.event_status as enum (
    'in_progress', 'completed', 'partial', 'failed', 'no_targets', 'cancelled');
create type lastcall.delivery_status as enum (
    'pending', 'delivering', 'retrying', 'held', 'delivered', 'failed', 'expired', 'cancelled', 'not_covered');
create type lastcall.end_reason as enum (
    'rejected', 'redirect_refused', 'blocked_address', 'attempts_exhausted', 'client_not_found',
    'session_required_no_sid', 'no_backchannel_logout_uri', 'deadline_passed', 'superseded_by_new_session',
    'cancelled_by_operator');
create type lastcall.attempt_outcome as enum (
    'delivered', 'rejected', 'redirect_refused', 'blocked_address', 'timeout', 'unreachable', 'dns_failure',
    'tls_failure', 'server_error', 'rate_limited', 'protocol_error', 'signing_failed', 'local_error', 'unknown');
create type lastcall.initiator as enum (
    'rp-logout', 'idp-logout', 'password-changed', 'session-expired', 'session-revoked', 'account-deleted',
    'account-deactivated', 'email-identifier-changed', 'mfa-phone-unenrolled');
create type lastcall.severity as enum ('info', 'notice', 'warning', 'error');
create type lastcall.audit_type as enum (
    'logout.accepted', 'bcl.no_sessions_for_subject', 'bcl.client_not_covered',
    'logout.back_channel.attempted', 'logout.back_channel.delivered', 'logout.back_channel.failed',
    'logout.back_channel.expired', 'logout.back_channel.cancelled', 'logout.back_channel.redelivered',
    'logout.ended', 'session.expired', 'client.registered', 'client.changed', 'client.deleted', 'client.held',
    'client.released', 'client.probed', 'breaker.opened', 'breaker.closed', 'signing_key.created',
    'signing_key.activated', 'signing_key.retired', 'issuer.changed', 'api_key.created', 'api_key.revoked',
    'webhook.failed');

-- What an event whose deliveries have all ended has come to. A delivery that is not covered counts for nothing.
-- Here and below a constant is typed, and not the whole case: a cast of what a case returns keeps a function from being inlined.
create function lastcall.event_end(matched int, excluded int, not_covered int, delivered int, cancelled int)
returns lastcall.event_status language sql immutable parallel safe as $$
    select case
        when matched = not_covered then 'no_targets'
        when delivered = matched - excluded - not_covered then 'completed'
        when delivered > 0 then 'partial'
        when cancelled = matched - excluded - not_covered then 'cancelled'
        else lastcall.event_status 'failed' end
$$;

-- Who ------------------------------------------------------------------------------------------------------------

create table lastcall.issuers (
    issuer_key int generated always as identity primary key,
    name text collate "C" not null check (name ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
    issuer text collate "C" not null check (octet_length(issuer) <= 2048),
    session_durability lastcall.durability not null,
    session_expiry lastcall.session_expiry not null,
    delivery jsonb not null,                       -- only the members that the issuer sets
    egress jsonb not null default '{}',            -- the operator's rules on where its requests may go; only the lists that have entries
    retention_days int not null check (retention_days between 1 and 3650),
    version bigint not null default 1,             -- moves with the issuer and with its signing keys
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (name)
);

-- A client is a lane of the queue; so is an issuer's completion webhook. Nothing on the delivery path writes here, except a breaker
-- that changes its state.
create table lastcall.clients (
    client_key int generated always as identity primary key,
    issuer_key int not null references lastcall.issuers on delete cascade,
    kind lastcall.client_kind not null default 'relying_party',
    client_id text collate "C" not null check (octet_length(client_id) between 1 and 255),
    backchannel_logout_uri text collate "C" check (octet_length(backchannel_logout_uri) <= 2048),
    backchannel_logout_session_required boolean not null,
    id_token_signed_response_alg text not null,
    metadata jsonb not null,                       -- client_name, jwks, jwks_uri, id_token_encrypted_response_alg and _enc, tls_client_certificate, ca
    sealed_secret bytea,                           -- a completion webhook's signing secret, sealed as private keys are
    delivery jsonb not null,                       -- only the members that the client overrides
    max_in_flight int generated always as ((delivery ->> 'max_in_flight')::int) stored,
    attempt_timeout_seconds float8 generated always as ((delivery ->> 'attempt_timeout_seconds')::float8) stored,
    held_at timestamptz,
    breaker_trips int not null default 0,          -- 0: closed; else how often it has opened since: half-open once open_until is past
    breaker_open_until timestamptz not null default '-infinity',
    breaker_closed_at timestamptz not null default '-infinity',
    breaker_rousing boolean not null default false,  -- it has closed, and what waits since before is still being made due
    deleted_at timestamptz,                        -- kept while deliveries in flight name it
    version bigint not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    check (backchannel_logout_uri is not null or not backchannel_logout_session_required)
);
create unique index clients_by_id on lastcall.clients (issuer_key, client_id)
    where deleted_at is null and kind = 'relying_party';
create unique index clients_webhook on lastcall.clients (issuer_key)
    where deleted_at is null and kind = 'completion_webhook';
create index clients_deleted on lastcall.clients (client_key) where deleted_at is not null;
create index clients_sealed on lastcall.clients (client_key) where sealed_secret is not null;
create index clients_rousing on lastcall.clients (client_key) where breaker_rousing;

-- Who is told of the end of an issuer's events, and for how long it is tried: a statement that ends one queues webhook_id for it.
create view lastcall.completion_webhooks with (security_invoker = true) as
    select issuer_key, client_key, (delivery ->> 'deliver_within_seconds')::float8 * interval '1 second' as deliver_within
    from lastcall.clients where kind = 'completion_webhook' and deleted_at is null;

create table lastcall.signing_keys (
    issuer_key int not null references lastcall.issuers on delete cascade,
    kid text collate "C" not null check (octet_length(kid) between 1 and 255),
    alg text not null,
    stage lastcall.key_stage not null,
    public_jwk jsonb not null,
    held_by text not null default 'lastcall' check (held_by in ('lastcall', 'pkcs11', 'remote')),
    sealed_private_key bytea,                      -- AES-256-GCM under a key that is never in Postgres; null where another holds the key
    key_reference text check (octet_length(key_reference) between 1 and 1100),   -- what that holder calls it
    created_at timestamptz not null default now(),
    published_at timestamptz not null default now(),
    activated_at timestamptz,
    retired_at timestamptz,
    primary key (issuer_key, kid),
    check ((held_by = 'lastcall') = (sealed_private_key is not null) and (held_by = 'lastcall') = (key_reference is null))
);
create unique index signing_keys_one_active on lastcall.signing_keys (issuer_key, alg) where stage = 'active';

create table lastcall.api_keys (
    api_key_id uuid primary key default lastcall.uuid7(),
    issuer_key int references lastcall.issuers on delete cascade,   -- null: an operator key
    name text not null check (octet_length(name) between 1 and 255),
    scopes text[] not null,
    secret_hash bytea not null check (octet_length(secret_hash) = 32),
    calls_per_second int check (calls_per_second between 1 and 1000000),    -- null: what the settings say
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    last_used_at timestamptz,                      -- to the minute: processes write it down in batches
    revoked_at timestamptz
);
create index api_keys_of_issuer on lastcall.api_keys (issuer_key, api_key_id);

create table lastcall.workers (
    worker_key int generated always as identity primary key,
    name text not null check (octet_length(name) between 1 and 255),
    started_at timestamptz not null default now()
);

-- The queue ------------------------------------------------------------------------------------------------------
-- Every delivery that has not ended, and the only table that churns. due_at is indexed and changes only with a retry;
-- leases are in no index, so a claim is a HOT update.

create table lastcall.delivery_queue (
    delivery_id uuid not null,
    issuer_key int not null,
    client_key int not null,
    priority lastcall.priority not null default 'interactive',   -- within a lane, bulk ones wait behind interactive ones
    due_at timestamptz not null,
    leased_at timestamptz not null default '-infinity',
    lease_until timestamptz not null default '-infinity',   -- -infinity: free; past: its worker was lost
    deliver_before timestamptz not null,
    lease_number int not null default 0,           -- the fence: one more with every claim, never reused
    attempt_count int not null default 0,          -- counted before the POST
    excused_count int not null default 0,          -- attempts that count against nobody
    worker_key int,
    last_outcome lastcall.attempt_outcome,
    outcome_was_unknown boolean not null default false,
    closing lastcall.end_reason,                   -- ends so when the attempt in flight is over, unless delivered
    closing_by text collate "C",                   -- who asked for that; null: the system
    sub text collate "C" check (octet_length(sub) <= 255),
    sid text collate "C" check (octet_length(sid) <= 255),
    primary key (issuer_key, delivery_id)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
        autovacuum_vacuum_cost_delay = 0, autovacuum_vacuum_insert_scale_factor = 0,
        autovacuum_vacuum_insert_threshold = 50000, autovacuum_analyze_scale_factor = 0,
        autovacuum_analyze_threshold = 50000);
create index delivery_queue_lane on lastcall.delivery_queue (client_key, priority, due_at, delivery_id);
create index delivery_queue_deadline on lastcall.delivery_queue (deliver_before);
create index delivery_queue_closing on lastcall.delivery_queue (issuer_key, delivery_id) where closing is not null;

-- History --------------------------------------------------------------------------------------------------------

create table lastcall.logout_events (
    event_id uuid not null,
    issuer_key int not null,
    scope jsonb not null,
    initiator lastcall.initiator not null,
    session_durability lastcall.durability not null,
    priority lastcall.priority not null,
    status lastcall.event_status not null,
    exclude_initiating_client boolean not null,
    initiating_client_id text collate "C",
    trace_id text,
    deliver_before timestamptz not null,
    ended_at timestamptz,
    matched int not null,
    excluded int not null,
    open_count int not null,
    expanding boolean not null default false,      -- matches are still being turned into deliveries
    end_count int not null default 0,              -- how often it has ended: once, and once more after each redelivery
    delivered int not null default 0,
    failed int not null default 0,
    expired int not null default 0,
    cancelled int not null default 0,
    not_covered int not null default 0,
    primary key (issuer_key, event_id)
) partition by range (event_id);
-- What a filter named: lists are asked for it.
create index logout_events_session on lastcall.logout_events (issuer_key, ((scope ->> 'session_id') collate "C"), event_id)
    where scope ->> 'session_id' is not null;
create index logout_events_user on lastcall.logout_events (issuer_key, ((scope ->> 'user_id') collate "C"), event_id)
    where scope ->> 'user_id' is not null;
create index logout_events_user_agent on lastcall.logout_events (issuer_key, ((scope ->> 'user_agent_id') collate "C"), event_id)
    where scope ->> 'user_agent_id' is not null;

create table lastcall.deliveries (                 -- deliveries that have ended
    delivery_id uuid not null,
    issuer_key int not null,
    client_key int,
    status lastcall.delivery_status not null,
    reason lastcall.end_reason,
    ended_at timestamptz not null,
    deliver_before timestamptz not null,
    lease_number int not null default 0,
    attempt_count int not null default 0,
    excused_count int not null default 0,
    nonstandard_status boolean not null default false,
    rejected_after_unknown boolean not null default false,
    client_id text collate "C" not null,
    sub text collate "C",
    sid text collate "C",
    is_delivered boolean not null default false check (not is_delivered or status = 'delivered'),
    primary key (issuer_key, delivery_id)
) partition by range (delivery_id);
create index deliveries_not_delivered on lastcall.deliveries (issuer_key, status, client_id, delivery_id)
    where status <> 'delivered';
-- For lists: under row-level security a plain column finds its index, a comparison of enums finds none. Lists look at status
-- as well, so a row that says false for no reason is only looked at in vain.
create index deliveries_for_lists on lastcall.deliveries (issuer_key, delivery_id) where not is_delivered;

create table lastcall.attempts (
    delivery_id uuid not null,
    issuer_key int not null,
    number int not null,
    started_at timestamptz not null,
    finished_at timestamptz not null,
    outcome lastcall.attempt_outcome not null,
    worker_key int,
    latency_ms int,
    http_status smallint,
    late_http_status smallint,                     -- what a worker that had lost its lease heard after all
    jti uuid,
    kid text collate "C",
    remote_address text,
    error text,
    error_description text,
    primary key (issuer_key, delivery_id, number)
) partition by range (delivery_id);

create table lastcall.audit_events (
    audit_id uuid not null default lastcall.uuid7(),
    issuer_key int not null,                       -- 0: the installation itself
    type lastcall.audit_type not null,
    severity lastcall.severity not null,
    subject_id uuid,                               -- the event, or the delivery (whose event is in its id)
    session_durability lastcall.durability,
    client_id text collate "C",
    actor text collate "C" not null,
    data jsonb,
    xact xid8 not null default pg_current_xact_id(),   -- readers that must miss nothing go by this: below a snapshot's xmin all is there
    primary key (issuer_key, audit_id)
) partition by range (audit_id);
create index audit_events_in_order on lastcall.audit_events (issuer_key, xact, audit_id);
create index audit_events_by_subject on lastcall.audit_events (issuer_key, subject_id) where subject_id is not null;

-- Whom an event is about, by each name that an RP or the OP has for the user: what "where is this user still logged in" is asked by.
create table lastcall.event_subjects (
    issuer_key int not null,
    subject text collate "C" not null,             -- a delivery's sub, or the OP's user_id
    event_id uuid not null,
    primary key (issuer_key, subject, event_id)
) partition by range (event_id);

-- Key first: with the day first, every look-up scanned the day.
create table lastcall.idempotency_keys (
    issuer_key int not null,
    key_hash bytea not null,
    day date not null,
    body_hash bytea not null,
    event_id uuid not null,
    primary key (issuer_key, key_hash, day)
) partition by range (day);

-- Reading --------------------------------------------------------------------------------------------------------

-- Open and ended deliveries in one shape; completion webhooks are none.
create view lastcall.open_deliveries with (security_invoker = true) as
    select q.issuer_key, q.delivery_id, c.client_id, q.sub, q.sid,
        case when q.lease_until > now() then 'delivering' when c.held_at is not null then 'held'
            when q.attempt_count > 0 then 'retrying' else 'pending' end::lastcall.delivery_status as status,
        case when q.attempt_count = 0 or q.lease_until > now() or c.held_at is not null then null
            when q.lease_until > '-infinity' then 'unknown' else q.last_outcome::text end as reason,
        q.attempt_count, case when q.lease_until <= now() and c.held_at is null then q.due_at end as next_attempt_at,
        q.deliver_before, null::timestamptz as ended_at, false as nonstandard_status, false as rejected_after_unknown
    from lastcall.delivery_queue q join lastcall.clients c on c.client_key = q.client_key where not lastcall.is_webhook(q.delivery_id);

create view lastcall.ended_deliveries with (security_invoker = true) as
    select d.issuer_key, d.delivery_id, d.client_id, d.sub, d.sid, d.status, d.reason::text, d.attempt_count, null::timestamptz as next_attempt_at,
        d.deliver_before, d.ended_at, d.nonstandard_status, d.rejected_after_unknown, d.is_delivered
    from lastcall.deliveries d where not lastcall.is_webhook(d.delivery_id);

create view lastcall.delivery_view with (security_invoker = true) as
    select * from lastcall.open_deliveries
    union all
    select issuer_key, delivery_id, client_id, sub, sid, status, reason, attempt_count, next_attempt_at, deliver_before, ended_at, nonstandard_status,
        rejected_after_unknown
    from lastcall.ended_deliveries;

-- Writing --------------------------------------------------------------------------------------------------------

-- How grave an audit event is: nobody heard of a logout, or nobody will.
create function lastcall.severity_of(type lastcall.audit_type, durability lastcall.durability)
returns lastcall.severity language sql immutable parallel safe as $$
    select case
        when type = 'bcl.no_sessions_for_subject' then case durability when 'durable' then lastcall.severity 'warning' else 'notice' end
        when type in ('logout.back_channel.failed', 'logout.back_channel.expired', 'webhook.failed') then 'error'
        when type in ('bcl.client_not_covered', 'breaker.opened') then 'warning'
        when type in ('logout.back_channel.cancelled', 'logout.back_channel.redelivered', 'client.changed',
            'client.deleted', 'client.held', 'client.released', 'issuer.changed', 'signing_key.activated',
            'signing_key.retired', 'api_key.created', 'api_key.revoked') then 'notice'
        else lastcall.severity 'info' end
$$;

-- A client's breaker in the words of the API.
create function lastcall.breaker_state(trips int, open_until timestamptz) returns text
language sql stable parallel safe as $$
    select case when trips = 0 then 'closed' when open_until > now() then 'open' else 'half_open' end
$$;

-- The status that an end's reason belongs to.
create function lastcall.status_of(reason lastcall.end_reason) returns lastcall.delivery_status
language sql immutable parallel safe as $$
    select case
        when reason in ('deadline_passed', 'superseded_by_new_session') then 'expired'
        when reason = 'cancelled_by_operator' then 'cancelled'
        when reason = 'no_backchannel_logout_uri' then 'not_covered'
        else lastcall.delivery_status 'failed' end
$$;

-- Asks the caller to run its statement again (SQLSTATE 40001), because a twin is half visible to it.
create function lastcall.run_again(why text) returns boolean language plpgsql volatile as $$
begin
    raise exception '%', why using errcode = 'serialization_failure';
end $$;

-- An event with the counts that its queue rows still decide, and what became of the completion webhook of its latest end.
create view lastcall.event_view with (security_invoker = true) as
    select e.issuer_key, e.event_id, e.scope, e.initiator, e.session_durability, e.priority, e.status,
        e.exclude_initiating_client, e.initiating_client_id, e.trace_id, e.deliver_before, e.ended_at, e.matched,
        o.pending, o.delivering, o.retrying, o.held, e.delivered, e.failed, e.expired, e.cancelled, e.not_covered,
        h.status as webhook_status, h.attempt_count as webhook_attempts, i.deliveries_end
    from lastcall.logout_events e
    -- Fenced off: row-level security lets no index serve a function of a row's columns, for it could leak them.
    cross join lateral (
        select lastcall.end_of_deliveries(e.event_id) as deliveries_end, lastcall.webhook_id(e.event_id, e.end_count) as webhook_id offset 0) i
    cross join lateral (
        select count(*) filter (where d.status = 'pending')::int as pending,
            count(*) filter (where d.status = 'delivering')::int as delivering,
            count(*) filter (where d.status = 'retrying')::int as retrying,
            count(*) filter (where d.status = 'held')::int as held
        from (
            select case when q.lease_until > now() then 'delivering' when c.held_at is not null then 'held'
                when q.attempt_count > 0 then 'retrying' else 'pending' end as status
            from lastcall.delivery_queue q join lastcall.clients c on c.client_key = q.client_key
            where e.open_count > 0 and q.issuer_key = e.issuer_key and q.delivery_id > e.event_id
                and q.delivery_id < i.deliveries_end) d) o
    left join lateral (
        select case when q.lease_until > now() then 'delivering' when q.attempt_count > 0 then 'retrying' else 'pending' end as status,
            q.attempt_count
        from lastcall.delivery_queue q
        where q.issuer_key = e.issuer_key and q.delivery_id = i.webhook_id
        union all
        select d.status::text, d.attempt_count from lastcall.deliveries d
        where d.issuer_key = e.issuer_key and d.delivery_id = i.webhook_id) h on e.end_count > 0;

-- Partitions -----------------------------------------------------------------------------------------------------
-- The default partitions keep a missed midnight from losing anything; they should stay empty.

create table lastcall.logout_events_default partition of lastcall.logout_events default with (fillfactor = 80);
create table lastcall.deliveries_default partition of lastcall.deliveries default;
create table lastcall.attempts_default partition of lastcall.attempts default;
create table lastcall.audit_events_default partition of lastcall.audit_events default;
create table lastcall.event_subjects_default partition of lastcall.event_subjects default;
create table lastcall.idempotency_keys_default partition of lastcall.idempotency_keys default;

-- Creates the first table that one UTC day lacks, and moves there what its default partition has gathered of that day.
-- Returns whether there was one. Attaching, unlike `create table ... partition of`, leaves the parent of a later day open to writers.
create function lastcall.make_partition(d date) returns boolean language plpgsql as $$
declare
    part record;
begin
    for part in
        select p.parent, p.parent || '_default' as rest, p.parent || '_' || to_char(d, 'YYYYMMDD') as child, p.key, p.fill,
            case p.key when 'day' then d::text else lastcall.uuid7_floor(d::timestamp at time zone 'utc')::text end as low,
            case p.key when 'day' then (d + 1)::text else lastcall.uuid7_floor((d + 1)::timestamp at time zone 'utc')::text end as high
        from (values ('logout_events', 'event_id', 80), ('deliveries', 'delivery_id', 100), ('attempts', 'delivery_id', 100),
            ('audit_events', 'audit_id', 100), ('event_subjects', 'event_id', 100), ('idempotency_keys', 'day', 100)) p(parent, key, fill)
    loop
        continue when to_regclass('lastcall.' || part.child) is not null;
        execute format('create table lastcall.%I (like lastcall.%I including all) with (fillfactor = %s)',
            part.child, part.parent, part.fill);
        -- A day that writers may be in already: one that has chosen the default partition would be refused once it is attached.
        if d <= (now() at time zone 'utc')::date + 1 then
            execute format('lock table lastcall.%I in access exclusive mode', part.parent);
        end if;
        execute format('lock table lastcall.%I in access exclusive mode', part.rest);
        execute format('with moved as (delete from lastcall.%I where %I >= %L and %I < %L returning *)
            insert into lastcall.%I select * from moved', part.rest, part.key, part.low, part.key, part.high, part.child);
        execute format('alter table lastcall.%I attach partition lastcall.%I for values from (%L) to (%L)',
            part.parent, part.child, part.low, part.high);
        return true;
    end loop;
    return false;
end $$;

-- Keeps partitions from yesterday to `ahead` days from now, and drops idempotency keys older than 48 hours. One caller at a time;
-- the others return at once. One table a call, so that no caller holds the locks of two tables against deliveries that take
-- them in another order. Returns null when another had the turn, else the number of tables made or dropped: call until 0.
create function lastcall.keep_partitions(ahead int) returns int language plpgsql as $$
declare
    today date := (now() at time zone 'utc')::date;
    old regclass;
begin
    if not pg_try_advisory_xact_lock(hashtextextended('lastcall.keep_partitions', 0)) then
        return null;
    end if;
    for d in 0 .. ahead + 1 loop
        if lastcall.make_partition(today - 1 + d) then
            return 1;
        end if;
    end loop;
    for old in
        select c.oid::regclass from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'lastcall.idempotency_keys'::regclass
            and c.relname < 'idempotency_keys_' || to_char(today - 2, 'YYYYMMDD') and c.relname ~ '_[0-9]{8}$'
    loop
        execute format('drop table %s', old);
        return 1;
    end loop;
    return 0;
end $$;

do $$ begin while lastcall.keep_partitions(3) > 0 loop null; end loop; end $$;
