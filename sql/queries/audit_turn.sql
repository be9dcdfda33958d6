-- Take the turn to seal for an issuer until the transaction ends. $1 issuer_key int4. Returns whether it was free.
select pg_try_advisory_xact_lock(hashtextextended('lastcall.audit_seals', $1::int4))
