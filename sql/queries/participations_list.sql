-- Participations that are open, newest first. $1 issuer_key int4 · $2 session_id text · $3 sid text · $4 sub text · $5 user_id text
-- $6 user_agent_id text · $7 client_id text (each may be null, not all) · $8 before this participation_key int8 (null) · $9 limit int4
-- The branch of the most selective filter finds them, each by its index; the others cost nothing. That of a client alone, which may have
-- any number, reads no more than a page. expires_at and deleted clients: what the sweep has not removed yet.
with found as (
    select p.* from lastcall.participations p where $2::text is not null and p.issuer_key = $1::int4 and p.session_id = $2::text
    union all
    select p.* from lastcall.participations p
    where $2::text is null and $3::text is not null and p.issuer_key = $1::int4 and p.sid = $3::text
    union all
    select p.* from lastcall.participations p
    where coalesce($2::text, $3::text) is null and $4::text is not null and p.issuer_key = $1::int4 and p.sub = $4::text
    union all
    select p.* from lastcall.participations p
    where coalesce($2::text, $3::text, $4::text) is null and $5::text is not null and p.issuer_key = $1::int4 and p.user_id = $5::text
    union all
    select p.* from lastcall.participations p
    where coalesce($2::text, $3::text, $4::text) is null and $5::text is not null and p.issuer_key = $1::int4 and p.sub = $5::text
        and p.user_id is null
    union all
    select p.* from lastcall.participations p
    where coalesce($2::text, $3::text, $4::text, $5::text) is null and $6::text is not null and p.issuer_key = $1::int4
        and p.user_agent_id = $6::text
    union all
    (select p.* from lastcall.participations p
    where coalesce($2::text, $3::text, $4::text, $5::text, $6::text) is null
        and p.client_key = (select client_key from lastcall.clients
            where issuer_key = $1::int4 and client_id = $7::text and deleted_at is null and kind = 'relying_party')
        and p.participation_key < coalesce($8::int8, 9223372036854775807) and (p.expires_at is null or p.expires_at > now())
    order by p.participation_key desc limit $9::int4)
)
select p.participation_key, p.session_id, c.client_id, p.sub, p.sid, coalesce(p.user_id, p.sub) as user_id, p.user_agent_id, p.expires_at, p.created_at
from found p join lastcall.clients c on c.client_key = p.client_key and c.deleted_at is null
where ($3::text is null or p.sid = $3::text) and ($4::text is null or p.sub = $4::text)
    and ($5::text is null or coalesce(p.user_id, p.sub) = $5::text) and ($6::text is null or p.user_agent_id = $6::text)
    and ($7::text is null or c.client_id = $7::text) and p.participation_key < coalesce($8::int8, 9223372036854775807)
    and (p.expires_at is null or p.expires_at > now())
order by p.participation_key desc limit $9::int4
