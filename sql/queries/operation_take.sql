-- Take the operation that has waited longest, for one step, unless another process has it: the lock ends with the step's transaction.
-- $1 kinds that this program knows text[] · $2 seconds by which a redelivery may be ahead of its rate float8
-- Returns: operation_id, issuer_key, kind, event_id, cursor, actor, created_at, begin (of this step, on its schedule), deliver_within_seconds, rate_per_second.
select operation_id, issuer_key, kind::text, event_id, cursor, actor, created_at, greatest(due_at, now()),
    (parameters ->> 'deliver_within_seconds')::float8, coalesce((parameters ->> 'rate_per_second')::int4, 1)
from lastcall.operations
where status = 'running' and kind::text = any($1::text[]) and due_at <= now() + $2::float8 * interval '1 second'
    and (kind = 'redeliver' or due_at <= now())
order by due_at limit 1 for update skip locked
