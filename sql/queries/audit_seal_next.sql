-- The next seal of a chain, with its entries. $1 issuer_key int4 · $2 behind this number int8. Returns, too, what retention has taken of the
-- trail (null: nothing): the id below which entries may be gone, number and hash of the last seal that is gone.
select s.number, s.sealed_at, s.entry_count, s.first_xact::text::int8, s.first_id, s.last_xact::text::int8, s.last_id, s.entries, s.previous_hash,
    s.hash, m.kept_from, m.seal_number, m.seal_hash
from lastcall.audit_seals s left join lastcall.audit_marks m on m.issuer_key = s.issuer_key
where s.issuer_key = $1::int4 and s.number > greatest($2::int8, (select g.seal_number from lastcall.audit_marks g where g.issuer_key = $1::int4))
order by s.number limit 1
