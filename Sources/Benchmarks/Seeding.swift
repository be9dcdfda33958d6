internal import PostgresClient

/// History that nobody has to wait for: copies of what the product itself has written.
///
/// The rows of all history tables that belong to recent deliveries are copied with new ids, further and further back in
/// time. The columns are asked of the database, so that this follows the schema: what it knows is which columns
/// hold ids. docs/decisions/0002-ids.md says how those are made.
struct Seeding {
    private let scene: Scene

    init(of scene: Scene) { self.scene = scene }

    /// Adds delivered deliveries to the history, and analyses its tables.
    ///
    /// - Parameter count: at least so many.
    /// - Returns: how many there are more.
    /// - Throws: `PostgresError`.
    func addHistory(_ count: Int) throws -> Int {
        let before = try scene.deliveredCount()
        try scene.database.execute(script: Self.function)
        let copies = Int32((count + max(1, before) - 1) / max(1, before))
        try scene.database.query(
            PostgresStatement(name: "bench_copy", text: "select bench.copy_history($1::int4)"),
            .int4(copies)
        )
        try scene.database.execute(script: "drop schema bench cascade")
        // By itself: no transaction may be open around it.
        try scene.database.execute(script: "vacuum analyze")
        // So that what is measured next does not pay for writing this out.
        try scene.database.execute(script: "checkpoint")
        return try scene.deliveredCount() - before
    }

    /// Each copy is a day's part earlier than the one before; it keeps what its ids say of each other.
    private static let function = """
        create schema bench;
        create function bench.earlier(id uuid, milliseconds bigint) returns uuid language sql immutable as $$
            select encode(substring(int8send((('x' || encode(substring(b from 1 for 6), 'hex'))::bit(48)::bigint) - milliseconds) from 3)
                || substring(b from 7), 'hex')::uuid
            from (select uuid_send(id) as b) u
        $$;
        create function bench.copy_history(copies int) returns void language plpgsql as $$
        declare
            parent regclass;
            columns text;
            expressions text;
            span bigint;
        begin
            select ceil(extract(epoch from max(ended_at) - min(ended_at)) * 1000)::bigint + 1000 into span from lastcall.logout_events;
            for parent in
                select inhparent from pg_inherits i join pg_class c on c.oid = i.inhparent
                where c.relnamespace = 'lastcall'::regnamespace and c.relkind = 'p' group by 1
            loop
                continue when not exists (select from pg_attribute where attrelid = parent and not attisdropped
                    and attname in ('event_id', 'delivery_id', 'audit_id'));
                select string_agg(quote_ident(attname), ', ' order by attnum),
                    string_agg(case when attname in ('event_id', 'delivery_id', 'audit_id', 'subject_id')
                        then format('bench.earlier(%I, n * $2)', attname) else quote_ident(attname) end, ', ' order by attnum)
                into columns, expressions
                from pg_attribute where attrelid = parent and attnum > 0 and not attisdropped;
                execute format('create temporary table original on commit drop as select * from %s', parent);
                execute format('insert into %s (%s) select %s from generate_series($1, 1, -1) n, original',
                    parent, columns, expressions) using copies, span;
                drop table original;
            end loop;
        end $$
        """
}
