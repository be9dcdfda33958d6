-- Write down when API keys were last used, by one process since it did so before. $1 api_key_id uuid[] · $2 seconds ago float8[]
-- In the order of ids, so that two processes never wait for each other in turn.
with used as materialized (
    select k.api_key_id, now() - u.seconds * interval '1 second' as at
    from unnest($1::uuid[], $2::float8[]) as u(api_key_id, seconds) join lastcall.api_keys k on k.api_key_id = u.api_key_id
    order by k.api_key_id for no key update of k
)
update lastcall.api_keys k set last_used_at = greatest(k.last_used_at, u.at) from used u where k.api_key_id = u.api_key_id
