-- The audit trail as a chain of seals, and what this installation alone knows.

-- What an entry's hash is over: the row's values as text, parted by the byte 1F, which no value contains; NULL is the byte 00.
-- docs/audit.md has the form for those who check it themselves; AuditTrail has it in Swift, and a test compares the two.
create function lastcall.audit_canonical(e lastcall.audit_events) returns bytea
language sql stable parallel safe as $$
    select convert_to(e.audit_id::text, 'UTF8') || '\x1f'::bytea || convert_to(e.type::text, 'UTF8')
        || '\x1f'::bytea || convert_to(e.severity::text, 'UTF8')
        || '\x1f'::bytea || coalesce(convert_to(e.subject_id::text, 'UTF8'), '\x00'::bytea)
        || '\x1f'::bytea || coalesce(convert_to(e.session_durability::text, 'UTF8'), '\x00'::bytea)
        || '\x1f'::bytea || coalesce(convert_to(e.client_id, 'UTF8'), '\x00'::bytea)
        || '\x1f'::bytea || convert_to(e.actor, 'UTF8')
        || '\x1f'::bytea || coalesce(convert_to(e.data::text, 'UTF8'), '\x00'::bytea)
$$;

-- What the first seal of an issuer's chain names as the hash before it, so that no chain passes for another's.
create function lastcall.audit_genesis(issuer_key int) returns bytea
language sql stable parallel safe as $$
    select sha256(convert_to('lastcall audit trail ' || issuer_key, 'UTF8'))
$$;

-- Entries in the order (xact, audit_id), each seal over those behind the seal before it. hash is the SHA-256 of
-- previous_hash, number (8 bytes, big-endian) and entries. No reference: a deleted issuer's seals stay, like its history.
create table lastcall.audit_seals (
    issuer_key int not null,                       -- 0: the installation itself
    number bigint not null check (number > 0),     -- from 1, without a gap
    sealed_at timestamptz not null default clock_timestamp(),
    entry_count int not null check (entry_count > 0),
    first_xact xid8 not null,
    first_id uuid not null,
    last_xact xid8 not null,
    last_id uuid not null,
    entries bytea not null check (octet_length(entries) = 48 * entry_count),    -- per entry its id and its SHA-256
    previous_hash bytea not null check (octet_length(previous_hash) = 32),
    hash bytea not null check (octet_length(hash) = 32),
    primary key (issuer_key, number)
);
-- Hashes do not compress.
alter table lastcall.audit_seals alter column entries set storage external;

-- What is new for all issuers at once: the stream's reader and the sealers look for that every moment.
create index audit_events_settled on lastcall.audit_events (xact, audit_id);

create table lastcall.installation (
    is_only boolean primary key default true check (is_only),
    cursor_secret bytea not null check (octet_length(cursor_secret) = 32)      -- what the places in lists are signed with
);
-- Each UUID has 122 random bits.
insert into lastcall.installation (cursor_secret)
    select sha256(string_agg(uuid_send(gen_random_uuid()), ''::bytea)) from generate_series(1, 4);
