-- What is too much for one transaction is a row here, worked off in bounded steps by whoever comes first: each step is one transaction
-- that moves the row's cursor with what it did, so a crash repeats nothing and skips nothing.

create type lastcall.operation_kind as enum ('expand', 'cancel', 'redeliver');
create type lastcall.operation_status as enum ('running', 'done', 'cancelled');

create table lastcall.operations (
    operation_id uuid primary key default lastcall.uuid7(),
    issuer_key int not null,
    kind lastcall.operation_kind not null,
    event_id uuid,                                 -- of an expansion or a cancellation
    status lastcall.operation_status not null default 'running',
    filter jsonb not null,                         -- whom it concerns, as the caller said
    parameters jsonb not null default '{}',        -- what else the caller said: deliver_within_seconds, rate_per_second
    matched bigint not null default 0,
    done bigint not null default 0,
    cursor uuid,                                   -- the last delivery done
    cursor_key bigint not null default 0,          -- of an expansion: the last participation done
    cursor_client int not null default 0,          -- and its client, where they are read client by client
    due_at timestamptz not null default now(),     -- when the next step may begin
    actor text collate "C" not null,
    created_at timestamptz not null default now(),
    ended_at timestamptz
);
create index operations_running on lastcall.operations (due_at) where status = 'running';
create index operations_of_issuer on lastcall.operations (issuer_key, operation_id);

-- A redelivery in bulk that names no client walks along this one, a status at a time.
create index deliveries_not_delivered_in_order on lastcall.deliveries (issuer_key, status, delivery_id) where status <> 'delivered';

-- A harmless logout that an operator asks for. A worker takes it, sends it, writes down what it met; the caller waits for that.
create table lastcall.probes (
    probe_id uuid primary key default lastcall.uuid7(),
    issuer_key int not null,
    client_key int not null,
    actor text collate "C" not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,               -- nobody waits any longer
    worker_key int,
    taken_at timestamptz,
    finished_at timestamptz,
    outcome lastcall.attempt_outcome,
    http_status smallint,
    latency_ms int,
    error text,
    error_description text
);
create index probes_waiting on lastcall.probes (probe_id) where taken_at is null;
