-- Seals of an issuer's audit trail, newest first. $1 issuer_key int4 · $2 below this number int8 (null) · $3 limit int4.
select number, sealed_at, entry_count, first_id, last_id, previous_hash, hash
from lastcall.audit_seals where issuer_key = $1::int4 and ($2::int8 is null or number < $2::int8)
order by number desc limit $3::int4
