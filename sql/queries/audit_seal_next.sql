-- The next seal of a chain, with its entries. $1 issuer_key int4 · $2 behind this number int8. Returns the oldest audit event that is
-- still kept, too.
select number, sealed_at, entry_count, first_xact::text::int8, first_id, last_xact::text::int8, last_id, entries, previous_hash, hash,
    (select e.audit_id from lastcall.audit_events e where e.issuer_key = $1::int4 order by e.audit_id limit 1) as oldest_kept
from lastcall.audit_seals where issuer_key = $1::int4 and number > $2::int8
order by number limit 1
