-- Issuers with audit events that settled since the last look and are not sealed yet. $1 and $2 behind this place: xact int8, audit_id uuid
-- · $3 at most this many events int4. Returns the place where the next look begins (int8, uuid), and the issuers (int4[]).
with fresh as materialized (
    select xact, audit_id, issuer_key from lastcall.audit_events
    where (xact, audit_id) > ($1::int8::text::xid8, $2::uuid) and xact < pg_snapshot_xmin(pg_current_snapshot())
    order by xact, audit_id limit $3::int4
), latest as (
    select distinct on (issuer_key) issuer_key, xact, audit_id from fresh order by issuer_key, xact desc, audit_id desc
), reached as (
    (select xact, audit_id from fresh where (select count(*) from fresh) = $3::int4 order by xact desc, audit_id desc limit 1)
    union all
    (select pg_snapshot_xmin(pg_current_snapshot()), '00000000-0000-0000-0000-000000000000'
        where (select count(*) from fresh) < $3::int4)
)
select r.xact::text::int8, r.audit_id,
    array(select l.issuer_key from latest l
        left join lateral (select last_xact, last_id from lastcall.audit_seals s where s.issuer_key = l.issuer_key
            order by number desc limit 1) s on true
        where s.last_xact is null or (s.last_xact, s.last_id) < (l.xact, l.audit_id) order by l.issuer_key)
from reached r
