-- Accept logout events in one commit: see lastcall.accept.
-- Events, one element each: $1 issuer_key int4[] · $2 key_hash bytea[] (null: no Idempotency-Key) · $3 scope jsonb[] · $4 initiator text[]
--   $5 initiating_client_id text[] · $6 exclude_initiating_client bool[] · $7 session_durability text[] (null: the issuer's)
--   $8 deliver_within_seconds float8[] (null) · $9 deliver_before timestamptz[] (null) · $10 trace_id text[] (and, behind dashes, span and flags: docs/traces.md) · $11 actor text[] · $12 priority text[]
-- Targets, one element each: $13 event, counted from 1 int4[] · $14 ordinal in the event, counted from 1 int4[]
--   $15 client_id text[] · $16 sub text[] · $17 sid text[]
-- $18 deliver_within_seconds where neither event, client nor issuer says float8
-- Returns a row per delivery, at least one per event: ord, outcome, event_id, session_durability, deliver_before, status, ended_at, priority, matched,
--   expanding, webhook_lane (where the event ended at once and its issuer is told), ordinal, kind, client_key, the delivery's deliver_before, and client_id, sub, sid where they come from a participation.
-- A row that somebody else has locked, as an OP's own transaction may for long, refuses the statement soon (55P03).
with brief as materialized (select lastcall.wait_briefly(cardinality($1::int4[])) as is_set)
select a.*
from brief b cross join lateral lastcall.accept(case when b.is_set then $1::int4[] end, $2::bytea[], $3::jsonb[], $4::text[], $5::text[], $6::bool[], $7::text[], $8::float8[], $9::timestamptz[],
    $10::text[], $11::text[], $12::text[], array_fill(false, array[cardinality($1::int4[])]), $13::int4[], $14::int4[], $15::text[],
    $16::text[], $17::text[], $18::float8) a
