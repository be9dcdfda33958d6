import FleetSimulation
import LastcallTestKit
import LogoutModel
import PostgresClient

/// A database whose shipped statements read a clock of the test's own.
///
/// They call `now()` and `clock_timestamp()` by those names alone, so functions of a schema that is looked through first
/// take their place, and that of `random()`; of the functions that name their own search path only `lastcall.accept` reads a clock here.
struct VirtualClock {
    private static let setUp = """
        create schema virtual;
        create table virtual.clock (at timestamptz not null);
        insert into virtual.clock values ('2030-01-01 06:00:00Z');
        create function virtual.now() returns timestamptz language sql stable as 'select at from virtual.clock';
        create function virtual.clock_timestamp() returns timestamptz language sql volatile as 'select at from virtual.clock';
        create function virtual.random() returns float8 language sql volatile as 'select 0::float8';   -- lease numbers without gaps
        create function virtual.us(at timestamptz) returns text language sql immutable as $$
            select case when at = '-infinity' then 'never' else (extract(epoch from at) * 1000000)::int8::text end $$;
        grant usage on schema virtual to public;
        grant select on virtual.clock to public;
        do $$ begin
            execute format('alter function %s set search_path = virtual, pg_catalog, pg_temp', 'lastcall.accept'::regproc::regprocedure);
            execute format('alter database %I set search_path = virtual, pg_catalog', current_database());
        end $$;
        """

    private let connection: PostgresConnection
    private(set) var now = Timestamp(microseconds: 1_893_477_600_000_000)

    /// Puts the clock into this test's database; connections that are made from now on read it.
    init() throws {
        let first = try PostgresConnection.connect(try ScratchDatabase.current.configuration)
        try first.execute(script: Self.setUp)
        connection = try PostgresConnection.connect(try ScratchDatabase.current.configuration)
    }

    mutating func advance(by duration: Duration) throws {
        now = now.advanced(by: duration)
        _ = try connection.query(
            PostgresStatement(
                name: "clock",
                text:
                    "update virtual.clock set at = timestamptz 'epoch' + $1::int8 * interval '1 microsecond'"
            ),
            .int8(now.microseconds)
        )
    }

    /// The lines of a query, sorted.
    func lines(_ name: String, _ text: String) throws -> [String] {
        try connection.query(PostgresStatement(name: name, text: text)).map { try $0.text(0) }.sorted()
    }
}
