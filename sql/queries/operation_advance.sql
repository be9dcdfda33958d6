-- Note what a step of an operation has done, in the transaction of the step.
-- $1 operation_id uuid · $2 so many more are done int8 · $3 cursor uuid (null: as it was) · $4 seconds until the next step may begin float8 · $5 whether nothing is left bool
update lastcall.operations
set done = done + $2::int8, cursor = coalesce($3::uuid, cursor), due_at = greatest(due_at, now()) + $4::float8 * interval '1 second',
    status = case when $5::bool then 'done' else status end, ended_at = case when $5::bool then clock_timestamp() end
where operation_id = $1::uuid
