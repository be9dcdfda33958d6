-- Seal the next settled audit events of an issuer; run with its turn taken by a statement before, so that this one sees the last seal.
-- $1 issuer_key int4 · $2 limit int4. Returns number and entry_count of the new seal; nothing where there was nothing to seal.
with head as (
    select number, last_xact, last_id, hash from lastcall.audit_seals where issuer_key = $1::int4 order by number desc limit 1
), settled as materialized (
    select e.xact, e.audit_id, uuid_send(e.audit_id) || sha256(lastcall.audit_canonical(e)) as entry
    from lastcall.audit_events e
    where e.issuer_key = $1::int4
        and (e.xact, e.audit_id) > (coalesce((select last_xact from head), '0'),
            coalesce((select last_id from head), '00000000-0000-0000-0000-000000000000'))
        and (e.xact < pg_snapshot_xmin(pg_current_snapshot()) or e.xact >= pg_snapshot_xmax(pg_current_snapshot()))
    order by e.xact, e.audit_id limit $2::int4
), body as (
    select count(*)::int as entry_count, string_agg(entry, ''::bytea order by xact, audit_id) as entries,
        array_agg(xact order by xact, audit_id) as xacts, array_agg(audit_id order by xact, audit_id) as ids,
        coalesce((select number from head), 0) + 1 as number,
        coalesce((select hash from head), lastcall.audit_genesis($1::int4)) as previous_hash
    from settled
)
insert into lastcall.audit_seals (issuer_key, number, entry_count, first_xact, first_id, last_xact, last_id, entries, previous_hash, hash)
select $1::int4, number, entry_count, xacts[1], ids[1], xacts[entry_count], ids[entry_count], entries, previous_hash,
    sha256(previous_hash || int8send(number) || entries)
from body where entry_count > 0
returning number, entry_count
