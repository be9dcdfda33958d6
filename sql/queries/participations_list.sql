-- Participations that are open, newest first. $1 issuer_key int4 · $2 session_id text · $3 sid text · $4 sub text · $5 user_id text
-- $6 user_agent_id text · $7 client_id text (each may be null, not all) · $8 before this participation_key int8 (null) · $9 limit int4
-- Everyone at one client, alone, may be any number: read in the order of the index, no more than a page. All else is found by lastcall.matching.
-- expires_at and deleted clients: what the sweep has not removed yet.
with of_client as materialized (
    select client_key from lastcall.clients
    where issuer_key = $1::int4 and client_id = $7::text and deleted_at is null and kind = 'relying_party'
),
found as (
    (select p.* from lastcall.participations p
    where coalesce($2::text, $3::text, $4::text, $5::text, $6::text) is null and p.client_key = (select client_key from of_client)
        and p.participation_key < coalesce($8::int8, 9223372036854775807) and (p.expires_at is null or p.expires_at > now())
    order by p.participation_key desc limit $9::int4)
    union all
    select p.* from lastcall.matching($1::int4, $2::text, $3::text, $4::text, $5::text, $6::text,
        case when $7::text is not null then coalesce((select client_key from of_client), -1) end) p
    where coalesce($2::text, $3::text, $4::text, $5::text, $6::text) is not null
)
select p.participation_key, p.session_id, c.client_id, p.sub, p.sid, coalesce(p.user_id, p.sub) as user_id, p.user_agent_id, p.expires_at, p.created_at
from found p join lastcall.clients c on c.client_key = p.client_key and c.deleted_at is null
where p.participation_key < coalesce($8::int8, 9223372036854775807) and (p.expires_at is null or p.expires_at > now())
order by p.participation_key desc limit $9::int4
