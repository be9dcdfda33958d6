-- Where the audit trail ends for readers that must miss nothing: every transaction below it has ended. Returns an xid8 as int8.
select pg_snapshot_xmin(pg_current_snapshot())::text::int8
