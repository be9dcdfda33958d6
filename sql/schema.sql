-- What sql/migrations comes to, as pg_dump 15 writes it, without the tables of single days: for reviewers.
-- A test compares the two; scripts/schema writes this file.

CREATE SCHEMA lastcall;

CREATE TYPE lastcall.attempt_outcome AS ENUM (
    'delivered',
    'rejected',
    'redirect_refused',
    'blocked_address',
    'timeout',
    'unreachable',
    'dns_failure',
    'tls_failure',
    'server_error',
    'rate_limited',
    'protocol_error',
    'signing_failed',
    'local_error',
    'unknown'
);

CREATE TYPE lastcall.audit_type AS ENUM (
    'logout.accepted',
    'bcl.no_sessions_for_subject',
    'bcl.client_not_covered',
    'logout.back_channel.attempted',
    'logout.back_channel.delivered',
    'logout.back_channel.failed',
    'logout.back_channel.expired',
    'logout.back_channel.cancelled',
    'logout.back_channel.redelivered',
    'logout.ended',
    'session.expired',
    'client.registered',
    'client.changed',
    'client.deleted',
    'client.held',
    'client.released',
    'client.probed',
    'breaker.opened',
    'breaker.closed',
    'signing_key.created',
    'signing_key.activated',
    'signing_key.retired',
    'issuer.changed',
    'api_key.created',
    'api_key.revoked',
    'webhook.failed'
);

CREATE TYPE lastcall.client_kind AS ENUM (
    'relying_party',
    'completion_webhook'
);

CREATE TYPE lastcall.delivery_status AS ENUM (
    'pending',
    'delivering',
    'retrying',
    'held',
    'delivered',
    'failed',
    'expired',
    'cancelled',
    'not_covered'
);

CREATE TYPE lastcall.durability AS ENUM (
    'volatile',
    'durable'
);

CREATE TYPE lastcall.end_reason AS ENUM (
    'rejected',
    'redirect_refused',
    'blocked_address',
    'attempts_exhausted',
    'client_not_found',
    'session_required_no_sid',
    'no_backchannel_logout_uri',
    'deadline_passed',
    'superseded_by_new_session',
    'cancelled_by_operator'
);

CREATE TYPE lastcall.event_status AS ENUM (
    'in_progress',
    'completed',
    'partial',
    'failed',
    'no_targets',
    'cancelled'
);

CREATE TYPE lastcall.initiator AS ENUM (
    'rp-logout',
    'idp-logout',
    'password-changed',
    'session-expired',
    'session-revoked',
    'account-deleted',
    'account-deactivated',
    'email-identifier-changed',
    'mfa-phone-unenrolled'
);

CREATE TYPE lastcall.key_stage AS ENUM (
    'next',
    'active',
    'retired'
);

CREATE TYPE lastcall.operation_kind AS ENUM (
    'expand',
    'cancel',
    'redeliver'
);

CREATE TYPE lastcall.operation_status AS ENUM (
    'running',
    'done',
    'cancelled'
);

CREATE TYPE lastcall.priority AS ENUM (
    'interactive',
    'bulk'
);

CREATE TYPE lastcall.session_expiry AS ENUM (
    'ignore',
    'logout'
);

CREATE TYPE lastcall.severity AS ENUM (
    'info',
    'notice',
    'warning',
    'error'
);

CREATE FUNCTION lastcall.delivery_id(event_id uuid, ordinal integer) RETURNS uuid
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select encode(overlay(uuid_send(event_id) placing substring(int4send(ordinal) from 2) from 14), 'hex')::uuid
$$;

CREATE FUNCTION lastcall.event_end(matched integer, excluded integer, not_covered integer, delivered integer, cancelled integer) RETURNS lastcall.event_status
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select case
        when matched = not_covered then 'no_targets'
        when delivered = matched - excluded - not_covered then 'completed'
        when delivered > 0 then 'partial'
        when cancelled = matched - excluded - not_covered then 'cancelled'
        else 'failed' end::lastcall.event_status
$$;

CREATE FUNCTION lastcall.event_of(delivery_id uuid) RETURNS uuid
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select encode(overlay(uuid_send(delivery_id) placing '\x000000'::bytea from 14), 'hex')::uuid
$$;

CREATE FUNCTION lastcall.keep_partitions(ahead integer) RETURNS integer
    LANGUAGE plpgsql
    AS $_$
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
end $_$;

CREATE FUNCTION lastcall.make_partition(d date) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION lastcall.new_event_id() RETURNS uuid
    LANGUAGE sql PARALLEL SAFE
    AS $$
    select encode(overlay(uuid_send(lastcall.uuid7()) placing '\x000000'::bytea from 14), 'hex')::uuid
$$;

CREATE FUNCTION lastcall.run_again(why text) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
begin
    raise exception '%', why using errcode = 'serialization_failure';
end $$;

CREATE FUNCTION lastcall.severity_of(type lastcall.audit_type, durability lastcall.durability) RETURNS lastcall.severity
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select case
        when type = 'bcl.no_sessions_for_subject' then case durability when 'durable' then 'warning' else 'notice' end
        when type in ('logout.back_channel.failed', 'logout.back_channel.expired', 'webhook.failed') then 'error'
        when type in ('bcl.client_not_covered', 'breaker.opened') then 'warning'
        when type in ('logout.back_channel.cancelled', 'logout.back_channel.redelivered', 'client.changed',
            'client.deleted', 'client.held', 'client.released', 'issuer.changed', 'signing_key.activated',
            'signing_key.retired', 'api_key.created', 'api_key.revoked') then 'notice'
        else 'info' end::lastcall.severity
$$;

CREATE FUNCTION lastcall.status_of(reason lastcall.end_reason) RETURNS lastcall.delivery_status
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select case
        when reason in ('deadline_passed', 'superseded_by_new_session') then 'expired'
        when reason = 'cancelled_by_operator' then 'cancelled'
        when reason = 'no_backchannel_logout_uri' then 'not_covered'
        else 'failed' end::lastcall.delivery_status
$$;

CREATE FUNCTION lastcall.uuid7(at timestamp with time zone DEFAULT clock_timestamp()) RETURNS uuid
    LANGUAGE plpgsql PARALLEL SAFE
    AS $$
declare
    us bigint := extract(epoch from at) * 1000000;
begin
    return encode(int8send(((us / 1000) << 16) | 28672 | ((us % 1000) * 4096 / 1000))
        || substring(uuid_send(gen_random_uuid()) from 9), 'hex')::uuid;
end $$;

CREATE FUNCTION lastcall.uuid7_floor(at timestamp with time zone) RETURNS uuid
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select (lpad(to_hex(floor(extract(epoch from at) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid
$$;

CREATE TABLE lastcall.api_keys (
    api_key_id uuid DEFAULT lastcall.uuid7() NOT NULL,
    issuer_key integer,
    name text NOT NULL,
    scopes text[] NOT NULL,
    secret_hash bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT api_keys_name_check CHECK (((octet_length(name) >= 1) AND (octet_length(name) <= 255))),
    CONSTRAINT api_keys_secret_hash_check CHECK ((octet_length(secret_hash) = 32))
);

CREATE TABLE lastcall.attempts (
    delivery_id uuid NOT NULL,
    issuer_key integer NOT NULL,
    number integer NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone NOT NULL,
    outcome lastcall.attempt_outcome NOT NULL,
    worker_key integer,
    latency_ms integer,
    http_status smallint,
    late_http_status smallint,
    jti uuid,
    kid text COLLATE pg_catalog."C",
    remote_address text,
    error text,
    error_description text
)
PARTITION BY RANGE (delivery_id);

CREATE TABLE lastcall.attempts_default (
    delivery_id uuid NOT NULL,
    issuer_key integer NOT NULL,
    number integer NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone NOT NULL,
    outcome lastcall.attempt_outcome NOT NULL,
    worker_key integer,
    latency_ms integer,
    http_status smallint,
    late_http_status smallint,
    jti uuid,
    kid text COLLATE pg_catalog."C",
    remote_address text,
    error text,
    error_description text
);

CREATE TABLE lastcall.audit_events (
    audit_id uuid DEFAULT lastcall.uuid7() NOT NULL,
    issuer_key integer NOT NULL,
    type lastcall.audit_type NOT NULL,
    severity lastcall.severity NOT NULL,
    subject_id uuid,
    session_durability lastcall.durability,
    client_id text COLLATE pg_catalog."C",
    actor text NOT NULL COLLATE pg_catalog."C",
    data jsonb,
    xact xid8 DEFAULT pg_current_xact_id() NOT NULL
)
PARTITION BY RANGE (audit_id);

CREATE TABLE lastcall.audit_events_default (
    audit_id uuid DEFAULT lastcall.uuid7() NOT NULL,
    issuer_key integer NOT NULL,
    type lastcall.audit_type NOT NULL,
    severity lastcall.severity NOT NULL,
    subject_id uuid,
    session_durability lastcall.durability,
    client_id text COLLATE pg_catalog."C",
    actor text NOT NULL COLLATE pg_catalog."C",
    data jsonb,
    xact xid8 DEFAULT pg_current_xact_id() NOT NULL
);

CREATE TABLE lastcall.clients (
    client_key integer NOT NULL,
    issuer_key integer NOT NULL,
    kind lastcall.client_kind DEFAULT 'relying_party'::lastcall.client_kind NOT NULL,
    client_id text NOT NULL COLLATE pg_catalog."C",
    backchannel_logout_uri text COLLATE pg_catalog."C",
    backchannel_logout_session_required boolean NOT NULL,
    id_token_signed_response_alg text NOT NULL,
    metadata jsonb NOT NULL,
    sealed_secret bytea,
    delivery jsonb NOT NULL,
    max_in_flight integer GENERATED ALWAYS AS (((delivery ->> 'max_in_flight'::text))::integer) STORED,
    attempt_timeout_seconds double precision GENERATED ALWAYS AS (((delivery ->> 'attempt_timeout_seconds'::text))::double precision) STORED,
    held_at timestamp with time zone,
    breaker_trips integer DEFAULT 0 NOT NULL,
    breaker_open_until timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    breaker_closed_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    deleted_at timestamp with time zone,
    version bigint DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT clients_backchannel_logout_uri_check CHECK ((octet_length(backchannel_logout_uri) <= 2048)),
    CONSTRAINT clients_check CHECK (((backchannel_logout_uri IS NOT NULL) OR (NOT backchannel_logout_session_required))),
    CONSTRAINT clients_client_id_check CHECK (((octet_length(client_id) >= 1) AND (octet_length(client_id) <= 255)))
);

ALTER TABLE lastcall.clients ALTER COLUMN client_key ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME lastcall.clients_client_key_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE lastcall.deliveries (
    delivery_id uuid NOT NULL,
    issuer_key integer NOT NULL,
    client_key integer,
    status lastcall.delivery_status NOT NULL,
    reason lastcall.end_reason,
    ended_at timestamp with time zone NOT NULL,
    deliver_before timestamp with time zone NOT NULL,
    lease_number integer DEFAULT 0 NOT NULL,
    attempt_count integer DEFAULT 0 NOT NULL,
    excused_count integer DEFAULT 0 NOT NULL,
    nonstandard_status boolean DEFAULT false NOT NULL,
    rejected_after_unknown boolean DEFAULT false NOT NULL,
    client_id text NOT NULL COLLATE pg_catalog."C",
    sub text COLLATE pg_catalog."C",
    sid text COLLATE pg_catalog."C"
)
PARTITION BY RANGE (delivery_id);

CREATE TABLE lastcall.deliveries_default (
    delivery_id uuid NOT NULL,
    issuer_key integer NOT NULL,
    client_key integer,
    status lastcall.delivery_status NOT NULL,
    reason lastcall.end_reason,
    ended_at timestamp with time zone NOT NULL,
    deliver_before timestamp with time zone NOT NULL,
    lease_number integer DEFAULT 0 NOT NULL,
    attempt_count integer DEFAULT 0 NOT NULL,
    excused_count integer DEFAULT 0 NOT NULL,
    nonstandard_status boolean DEFAULT false NOT NULL,
    rejected_after_unknown boolean DEFAULT false NOT NULL,
    client_id text NOT NULL COLLATE pg_catalog."C",
    sub text COLLATE pg_catalog."C",
    sid text COLLATE pg_catalog."C"
);

CREATE TABLE lastcall.delivery_queue (
    delivery_id uuid NOT NULL,
    issuer_key integer NOT NULL,
    client_key integer NOT NULL,
    priority lastcall.priority DEFAULT 'interactive'::lastcall.priority NOT NULL,
    due_at timestamp with time zone NOT NULL,
    leased_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    lease_until timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    deliver_before timestamp with time zone NOT NULL,
    lease_number integer DEFAULT 0 NOT NULL,
    attempt_count integer DEFAULT 0 NOT NULL,
    excused_count integer DEFAULT 0 NOT NULL,
    worker_key integer,
    last_outcome lastcall.attempt_outcome,
    outcome_was_unknown boolean DEFAULT false NOT NULL,
    closing lastcall.end_reason,
    sub text COLLATE pg_catalog."C",
    sid text COLLATE pg_catalog."C",
    CONSTRAINT delivery_queue_sid_check CHECK ((octet_length(sid) <= 255)),
    CONSTRAINT delivery_queue_sub_check CHECK ((octet_length(sub) <= 255))
)
WITH (fillfactor='70', autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='5000', autovacuum_vacuum_cost_delay='0', autovacuum_vacuum_insert_scale_factor='0', autovacuum_vacuum_insert_threshold='50000', autovacuum_analyze_scale_factor='0', autovacuum_analyze_threshold='50000');

CREATE VIEW lastcall.delivery_view AS
 SELECT q.issuer_key,
    q.delivery_id,
    c.client_id,
    q.sub,
    q.sid,
    (
        CASE
            WHEN (q.lease_until > now()) THEN 'delivering'::text
            WHEN (c.held_at IS NOT NULL) THEN 'held'::text
            WHEN (q.attempt_count > 0) THEN 'retrying'::text
            ELSE 'pending'::text
        END)::lastcall.delivery_status AS status,
        CASE
            WHEN ((q.attempt_count = 0) OR (q.lease_until > now()) OR (c.held_at IS NOT NULL)) THEN NULL::text
            WHEN (q.lease_until > '-infinity'::timestamp with time zone) THEN 'unknown'::text
            ELSE (q.last_outcome)::text
        END AS reason,
    q.attempt_count,
        CASE
            WHEN ((q.lease_until <= now()) AND (c.held_at IS NULL)) THEN q.due_at
            ELSE NULL::timestamp with time zone
        END AS next_attempt_at,
    q.deliver_before,
    NULL::timestamp with time zone AS ended_at,
    false AS nonstandard_status,
    false AS rejected_after_unknown
   FROM (lastcall.delivery_queue q
     JOIN lastcall.clients c ON ((c.client_key = q.client_key)))
UNION ALL
 SELECT d.issuer_key,
    d.delivery_id,
    d.client_id,
    d.sub,
    d.sid,
    d.status,
    (d.reason)::text AS reason,
    d.attempt_count,
    NULL::timestamp with time zone AS next_attempt_at,
    d.deliver_before,
    d.ended_at,
    d.nonstandard_status,
    d.rejected_after_unknown
   FROM lastcall.deliveries d;

CREATE TABLE lastcall.event_subjects (
    issuer_key integer NOT NULL,
    subject text NOT NULL COLLATE pg_catalog."C",
    event_id uuid NOT NULL
)
PARTITION BY RANGE (event_id);

CREATE TABLE lastcall.event_subjects_default (
    issuer_key integer NOT NULL,
    subject text NOT NULL COLLATE pg_catalog."C",
    event_id uuid NOT NULL
);

CREATE TABLE lastcall.logout_events (
    event_id uuid NOT NULL,
    issuer_key integer NOT NULL,
    scope jsonb NOT NULL,
    initiator lastcall.initiator NOT NULL,
    session_durability lastcall.durability NOT NULL,
    priority lastcall.priority NOT NULL,
    status lastcall.event_status NOT NULL,
    exclude_initiating_client boolean NOT NULL,
    initiating_client_id text COLLATE pg_catalog."C",
    trace_id text,
    deliver_before timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    matched integer NOT NULL,
    excluded integer NOT NULL,
    open_count integer NOT NULL,
    expanding boolean DEFAULT false NOT NULL,
    end_count integer DEFAULT 0 NOT NULL,
    delivered integer DEFAULT 0 NOT NULL,
    failed integer DEFAULT 0 NOT NULL,
    expired integer DEFAULT 0 NOT NULL,
    cancelled integer DEFAULT 0 NOT NULL,
    not_covered integer DEFAULT 0 NOT NULL
)
PARTITION BY RANGE (event_id);

CREATE VIEW lastcall.event_view AS
 SELECT e.issuer_key,
    e.event_id,
    e.scope,
    e.initiator,
    e.session_durability,
    e.priority,
    e.status,
    e.exclude_initiating_client,
    e.initiating_client_id,
    e.trace_id,
    e.deliver_before,
    e.ended_at,
    e.matched,
    o.pending,
    o.delivering,
    o.retrying,
    o.held,
    e.delivered,
    e.failed,
    e.expired,
    e.cancelled,
    e.not_covered
   FROM (lastcall.logout_events e
     CROSS JOIN LATERAL ( SELECT (count(*) FILTER (WHERE (d.status = 'pending'::text)))::integer AS pending,
            (count(*) FILTER (WHERE (d.status = 'delivering'::text)))::integer AS delivering,
            (count(*) FILTER (WHERE (d.status = 'retrying'::text)))::integer AS retrying,
            (count(*) FILTER (WHERE (d.status = 'held'::text)))::integer AS held
           FROM ( SELECT
                        CASE
                            WHEN (q.lease_until > now()) THEN 'delivering'::text
                            WHEN (c.held_at IS NOT NULL) THEN 'held'::text
                            WHEN (q.attempt_count > 0) THEN 'retrying'::text
                            ELSE 'pending'::text
                        END AS status
                   FROM (lastcall.delivery_queue q
                     JOIN lastcall.clients c ON ((c.client_key = q.client_key)))
                  WHERE ((e.open_count > 0) AND (q.issuer_key = e.issuer_key) AND (q.delivery_id > e.event_id) AND (q.delivery_id <= lastcall.delivery_id(e.event_id, 16777215)))) d) o);

CREATE TABLE lastcall.idempotency_keys (
    issuer_key integer NOT NULL,
    key_hash bytea NOT NULL,
    day date NOT NULL,
    body_hash bytea NOT NULL,
    event_id uuid NOT NULL
)
PARTITION BY RANGE (day);

CREATE TABLE lastcall.idempotency_keys_default (
    issuer_key integer NOT NULL,
    key_hash bytea NOT NULL,
    day date NOT NULL,
    body_hash bytea NOT NULL,
    event_id uuid NOT NULL
);

CREATE TABLE lastcall.issuers (
    issuer_key integer NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    issuer text NOT NULL COLLATE pg_catalog."C",
    session_durability lastcall.durability NOT NULL,
    session_expiry lastcall.session_expiry NOT NULL,
    delivery jsonb NOT NULL,
    retention_days integer NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT issuers_issuer_check CHECK ((octet_length(issuer) <= 2048)),
    CONSTRAINT issuers_name_check CHECK ((name ~ '^[a-z0-9][a-z0-9-]{0,39}$'::text)),
    CONSTRAINT issuers_retention_days_check CHECK (((retention_days >= 1) AND (retention_days <= 3650)))
);

ALTER TABLE lastcall.issuers ALTER COLUMN issuer_key ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME lastcall.issuers_issuer_key_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE lastcall.logout_events_default (
    event_id uuid NOT NULL,
    issuer_key integer NOT NULL,
    scope jsonb NOT NULL,
    initiator lastcall.initiator NOT NULL,
    session_durability lastcall.durability NOT NULL,
    priority lastcall.priority NOT NULL,
    status lastcall.event_status NOT NULL,
    exclude_initiating_client boolean NOT NULL,
    initiating_client_id text COLLATE pg_catalog."C",
    trace_id text,
    deliver_before timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    matched integer NOT NULL,
    excluded integer NOT NULL,
    open_count integer NOT NULL,
    expanding boolean DEFAULT false NOT NULL,
    end_count integer DEFAULT 0 NOT NULL,
    delivered integer DEFAULT 0 NOT NULL,
    failed integer DEFAULT 0 NOT NULL,
    expired integer DEFAULT 0 NOT NULL,
    cancelled integer DEFAULT 0 NOT NULL,
    not_covered integer DEFAULT 0 NOT NULL
)
WITH (fillfactor='80');

CREATE TABLE lastcall.operations (
    operation_id uuid DEFAULT lastcall.uuid7() NOT NULL,
    issuer_key integer NOT NULL,
    kind lastcall.operation_kind NOT NULL,
    event_id uuid,
    status lastcall.operation_status DEFAULT 'running'::lastcall.operation_status NOT NULL,
    filter jsonb NOT NULL,
    parameters jsonb DEFAULT '{}'::jsonb NOT NULL,
    matched bigint DEFAULT 0 NOT NULL,
    done bigint DEFAULT 0 NOT NULL,
    cursor uuid,
    due_at timestamp with time zone DEFAULT now() NOT NULL,
    actor text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    ended_at timestamp with time zone
);

CREATE TABLE lastcall.participations (
    participation_key bigint NOT NULL,
    issuer_key integer NOT NULL,
    client_key integer NOT NULL,
    session_id text NOT NULL COLLATE pg_catalog."C",
    sid text COLLATE pg_catalog."C",
    sub text NOT NULL COLLATE pg_catalog."C",
    user_id text COLLATE pg_catalog."C",
    user_agent_id text COLLATE pg_catalog."C",
    expires_at timestamp with time zone,
    check_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT participations_session_id_check CHECK (((octet_length(session_id) >= 1) AND (octet_length(session_id) <= 255))),
    CONSTRAINT participations_sid_check CHECK (((octet_length(sid) >= 1) AND (octet_length(sid) <= 255))),
    CONSTRAINT participations_sub_check CHECK (((octet_length(sub) >= 1) AND (octet_length(sub) <= 255))),
    CONSTRAINT participations_user_agent_id_check CHECK (((octet_length(user_agent_id) >= 1) AND (octet_length(user_agent_id) <= 255))),
    CONSTRAINT participations_user_id_check CHECK (((octet_length(user_id) >= 1) AND (octet_length(user_id) <= 255)))
)
WITH (fillfactor='85', autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='5000');

ALTER TABLE lastcall.participations ALTER COLUMN participation_key ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME lastcall.participations_participation_key_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE lastcall.probes (
    probe_id uuid DEFAULT lastcall.uuid7() NOT NULL,
    client_key integer NOT NULL,
    actor text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    worker_key integer,
    taken_at timestamp with time zone,
    finished_at timestamp with time zone,
    outcome lastcall.attempt_outcome,
    http_status smallint,
    latency_ms integer,
    error text,
    error_description text
);

CREATE TABLE lastcall.schema_migrations (
    number integer NOT NULL,
    name text NOT NULL,
    checksum text NOT NULL,
    breaking text,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE lastcall.signing_keys (
    issuer_key integer NOT NULL,
    kid text NOT NULL COLLATE pg_catalog."C",
    alg text NOT NULL,
    stage lastcall.key_stage NOT NULL,
    public_jwk jsonb NOT NULL,
    sealed_private_key bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    published_at timestamp with time zone DEFAULT now() NOT NULL,
    activated_at timestamp with time zone,
    retired_at timestamp with time zone,
    CONSTRAINT signing_keys_kid_check CHECK (((octet_length(kid) >= 1) AND (octet_length(kid) <= 255)))
);

CREATE TABLE lastcall.workers (
    worker_key integer NOT NULL,
    name text NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT workers_name_check CHECK (((octet_length(name) >= 1) AND (octet_length(name) <= 255)))
);

ALTER TABLE lastcall.workers ALTER COLUMN worker_key ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME lastcall.workers_worker_key_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE ONLY lastcall.attempts ATTACH PARTITION lastcall.attempts_default DEFAULT;

ALTER TABLE ONLY lastcall.audit_events ATTACH PARTITION lastcall.audit_events_default DEFAULT;

ALTER TABLE ONLY lastcall.deliveries ATTACH PARTITION lastcall.deliveries_default DEFAULT;

ALTER TABLE ONLY lastcall.event_subjects ATTACH PARTITION lastcall.event_subjects_default DEFAULT;

ALTER TABLE ONLY lastcall.idempotency_keys ATTACH PARTITION lastcall.idempotency_keys_default DEFAULT;

ALTER TABLE ONLY lastcall.logout_events ATTACH PARTITION lastcall.logout_events_default DEFAULT;

ALTER TABLE ONLY lastcall.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (api_key_id);

ALTER TABLE ONLY lastcall.attempts
    ADD CONSTRAINT attempts_pkey PRIMARY KEY (issuer_key, delivery_id, number);

ALTER TABLE ONLY lastcall.attempts_default
    ADD CONSTRAINT attempts_default_pkey PRIMARY KEY (issuer_key, delivery_id, number);

ALTER TABLE ONLY lastcall.audit_events
    ADD CONSTRAINT audit_events_pkey PRIMARY KEY (issuer_key, audit_id);

ALTER TABLE ONLY lastcall.audit_events_default
    ADD CONSTRAINT audit_events_default_pkey PRIMARY KEY (issuer_key, audit_id);

ALTER TABLE ONLY lastcall.clients
    ADD CONSTRAINT clients_pkey PRIMARY KEY (client_key);

ALTER TABLE ONLY lastcall.deliveries
    ADD CONSTRAINT deliveries_pkey PRIMARY KEY (issuer_key, delivery_id);

ALTER TABLE ONLY lastcall.deliveries_default
    ADD CONSTRAINT deliveries_default_pkey PRIMARY KEY (issuer_key, delivery_id);

ALTER TABLE ONLY lastcall.delivery_queue
    ADD CONSTRAINT delivery_queue_pkey PRIMARY KEY (issuer_key, delivery_id);

ALTER TABLE ONLY lastcall.event_subjects
    ADD CONSTRAINT event_subjects_pkey PRIMARY KEY (issuer_key, subject, event_id);

ALTER TABLE ONLY lastcall.event_subjects_default
    ADD CONSTRAINT event_subjects_default_pkey PRIMARY KEY (issuer_key, subject, event_id);

ALTER TABLE ONLY lastcall.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (issuer_key, key_hash, day);

ALTER TABLE ONLY lastcall.idempotency_keys_default
    ADD CONSTRAINT idempotency_keys_default_pkey PRIMARY KEY (issuer_key, key_hash, day);

ALTER TABLE ONLY lastcall.issuers
    ADD CONSTRAINT issuers_name_key UNIQUE (name);

ALTER TABLE ONLY lastcall.issuers
    ADD CONSTRAINT issuers_pkey PRIMARY KEY (issuer_key);

ALTER TABLE ONLY lastcall.logout_events
    ADD CONSTRAINT logout_events_pkey PRIMARY KEY (issuer_key, event_id);

ALTER TABLE ONLY lastcall.logout_events_default
    ADD CONSTRAINT logout_events_default_pkey PRIMARY KEY (issuer_key, event_id);

ALTER TABLE ONLY lastcall.operations
    ADD CONSTRAINT operations_pkey PRIMARY KEY (operation_id);

ALTER TABLE ONLY lastcall.participations
    ADD CONSTRAINT participations_issuer_key_session_id_client_key_sid_key UNIQUE NULLS NOT DISTINCT (issuer_key, session_id, client_key, sid);

ALTER TABLE ONLY lastcall.participations
    ADD CONSTRAINT participations_pkey PRIMARY KEY (participation_key);

ALTER TABLE ONLY lastcall.probes
    ADD CONSTRAINT probes_pkey PRIMARY KEY (probe_id);

ALTER TABLE ONLY lastcall.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (number);

ALTER TABLE ONLY lastcall.signing_keys
    ADD CONSTRAINT signing_keys_pkey PRIMARY KEY (issuer_key, kid);

ALTER TABLE ONLY lastcall.workers
    ADD CONSTRAINT workers_pkey PRIMARY KEY (worker_key);

CREATE INDEX audit_events_by_subject ON ONLY lastcall.audit_events USING btree (issuer_key, subject_id) WHERE (subject_id IS NOT NULL);

CREATE INDEX audit_events_default_issuer_key_subject_id_idx ON lastcall.audit_events_default USING btree (issuer_key, subject_id) WHERE (subject_id IS NOT NULL);

CREATE INDEX audit_events_in_order ON ONLY lastcall.audit_events USING btree (issuer_key, xact, audit_id);

CREATE INDEX audit_events_default_issuer_key_xact_audit_id_idx ON lastcall.audit_events_default USING btree (issuer_key, xact, audit_id);

CREATE UNIQUE INDEX clients_by_id ON lastcall.clients USING btree (issuer_key, client_id) WHERE ((deleted_at IS NULL) AND (kind = 'relying_party'::lastcall.client_kind));

CREATE INDEX clients_deleted ON lastcall.clients USING btree (client_key) WHERE (deleted_at IS NOT NULL);

CREATE UNIQUE INDEX clients_webhook ON lastcall.clients USING btree (issuer_key) WHERE ((deleted_at IS NULL) AND (kind = 'completion_webhook'::lastcall.client_kind));

CREATE INDEX deliveries_not_delivered ON ONLY lastcall.deliveries USING btree (issuer_key, status, client_id, delivery_id) WHERE (status <> 'delivered'::lastcall.delivery_status);

CREATE INDEX deliveries_default_issuer_key_status_client_id_delivery_id_idx ON lastcall.deliveries_default USING btree (issuer_key, status, client_id, delivery_id) WHERE (status <> 'delivered'::lastcall.delivery_status);

CREATE INDEX delivery_queue_closing ON lastcall.delivery_queue USING btree (issuer_key, delivery_id) WHERE (closing IS NOT NULL);

CREATE INDEX delivery_queue_deadline ON lastcall.delivery_queue USING btree (deliver_before);

CREATE INDEX delivery_queue_lane ON lastcall.delivery_queue USING btree (client_key, priority, due_at, delivery_id);

CREATE INDEX operations_of_issuer ON lastcall.operations USING btree (issuer_key, operation_id);

CREATE INDEX operations_running ON lastcall.operations USING btree (due_at) WHERE (status = 'running'::lastcall.operation_status);

CREATE INDEX participations_check ON lastcall.participations USING btree (check_at) WHERE (check_at IS NOT NULL);

CREATE INDEX participations_client ON lastcall.participations USING btree (client_key, participation_key);

CREATE INDEX participations_sid ON lastcall.participations USING btree (issuer_key, sid) WHERE (sid IS NOT NULL);

CREATE INDEX participations_sub ON lastcall.participations USING btree (issuer_key, sub, client_key);

CREATE INDEX participations_user ON lastcall.participations USING btree (issuer_key, user_id) WHERE (user_id IS NOT NULL);

CREATE INDEX participations_user_agent ON lastcall.participations USING btree (issuer_key, user_agent_id) WHERE (user_agent_id IS NOT NULL);

CREATE INDEX probes_waiting ON lastcall.probes USING btree (probe_id) WHERE (taken_at IS NULL);

CREATE UNIQUE INDEX signing_keys_one_active ON lastcall.signing_keys USING btree (issuer_key, alg) WHERE (stage = 'active'::lastcall.key_stage);

ALTER INDEX lastcall.attempts_pkey ATTACH PARTITION lastcall.attempts_default_pkey;

ALTER INDEX lastcall.audit_events_by_subject ATTACH PARTITION lastcall.audit_events_default_issuer_key_subject_id_idx;

ALTER INDEX lastcall.audit_events_in_order ATTACH PARTITION lastcall.audit_events_default_issuer_key_xact_audit_id_idx;

ALTER INDEX lastcall.audit_events_pkey ATTACH PARTITION lastcall.audit_events_default_pkey;

ALTER INDEX lastcall.deliveries_not_delivered ATTACH PARTITION lastcall.deliveries_default_issuer_key_status_client_id_delivery_id_idx;

ALTER INDEX lastcall.deliveries_pkey ATTACH PARTITION lastcall.deliveries_default_pkey;

ALTER INDEX lastcall.event_subjects_pkey ATTACH PARTITION lastcall.event_subjects_default_pkey;

ALTER INDEX lastcall.idempotency_keys_pkey ATTACH PARTITION lastcall.idempotency_keys_default_pkey;

ALTER INDEX lastcall.logout_events_pkey ATTACH PARTITION lastcall.logout_events_default_pkey;

ALTER TABLE ONLY lastcall.api_keys
    ADD CONSTRAINT api_keys_issuer_key_fkey FOREIGN KEY (issuer_key) REFERENCES lastcall.issuers(issuer_key) ON DELETE CASCADE;

ALTER TABLE ONLY lastcall.clients
    ADD CONSTRAINT clients_issuer_key_fkey FOREIGN KEY (issuer_key) REFERENCES lastcall.issuers(issuer_key) ON DELETE CASCADE;

ALTER TABLE ONLY lastcall.signing_keys
    ADD CONSTRAINT signing_keys_issuer_key_fkey FOREIGN KEY (issuer_key) REFERENCES lastcall.issuers(issuer_key) ON DELETE CASCADE;
