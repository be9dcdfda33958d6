-- Let an operation whose step has failed wait, so that others get their turn. $1 operation_id uuid · $2 seconds float8.
update lastcall.operations set due_at = now() + $2::float8 * interval '1 second' where operation_id = $1::uuid and status = 'running'
