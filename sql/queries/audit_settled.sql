-- Settled audit events of an issuer in the order that never grows in its middle: (xact, audit_id), below the oldest transaction that runs.
-- $1 issuer_key int4 · $2 and $3 behind this place: xact int8, audit_id uuid · $4 at least, $5 below this id uuid (null) · $6 limit int4
-- $7 bool: restored ones too, whose transactions another cluster has numbered.
-- Returns the horizon of every row; one row of nulls where there is no event. The horizon is read once, with the rows' snapshot.
select h.horizon::text::int8, e.xact::text::int8, e.issuer_key, e.audit_id, e.type, e.severity, e.subject_id, e.session_durability,
    e.client_id, e.actor, e.data
from (select pg_snapshot_xmin(pg_current_snapshot()) as horizon) h
left join lateral (
    select xact, issuer_key, audit_id, type::text, severity::text, subject_id, session_durability::text, client_id, actor, data
    from lastcall.audit_events
    where issuer_key = $1::int4 and (xact, audit_id) > ($2::int8::text::xid8, $3::uuid)
        and (xact < h.horizon or ($7::bool and xact >= pg_snapshot_xmax(pg_current_snapshot())))
        and ($4::uuid is null or audit_id >= $4::uuid) and ($5::uuid is null or audit_id < $5::uuid)
    order by xact, audit_id limit $6::int4) e on true
order by e.xact, e.audit_id
