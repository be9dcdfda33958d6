internal import Benchmarks
internal import PostgresClient

/// Statements fail as they would under conflicting transactions.
package struct SerializationFailures: Fault {
    package let name = "serialization-failures"
    package let sentence = "one in eight statements that accept, claim, settle or note fails with 40001"

    package func play(in world: World) async throws {
        let postgres = world.postgres
        try await offPool { try postgres.execute(Self.begin) }
        await world.pause(world.isQuick ? .seconds(5) : .seconds(20))
        let failures = try await offPool {
            let failures = try postgres.number("select last_value from chaos.failures")
            try postgres.execute("drop schema chaos cascade")
            return failures
        }
        world.note("\(failures) statements failed")
        world.check(Check("statements failed", failures > 1, detail: "\(failures)"))
    }

    /// A sequence counts, since what fails is rolled back.
    private static let begin =
        """
        begin;
        create schema chaos;
        grant usage on schema chaos to public;
        create sequence chaos.failures;
        create function chaos.fail() returns trigger language plpgsql security definer as $$
        begin
            if random() < 0.125 then
                perform nextval('chaos.failures');
                raise exception 'could not serialize access' using errcode = '40001';
            end if;
            return null;
        end $$;
        """
        + ["delivery_queue", "logout_events", "audit_events"].map { table in
            """

            create trigger chaos after insert or update or delete on lastcall.\(table)
                for each statement execute function chaos.fail();
            """
        }.joined() + "commit"
}

/// The server takes no writes for a while, and says so to every session.
package struct ReadOnlyServer: Fault {
    package let name = "read-only-server"
    package let sentence =
        "default_transaction_read_only is switched on for the whole server, and off again (25006)"

    package func play(in world: World) async throws {
        let postgres = world.postgres
        try await offPool { try Self.set("on", postgres) }
        await world.pause(world.isQuick ? .seconds(4) : .seconds(12))
        try await offPool { try Self.set("off", postgres) }
    }

    private static func set(_ value: String, _ postgres: ChaosPostgres) throws {
        let connection = try postgres.connect()
        try connection.execute(script: "alter system set default_transaction_read_only = \(value)")
        try connection.execute(script: "select pg_reload_conf()")
    }
}

/// Sessions begin while the server takes no writes, and go on when it does again: those of then stay read-only.
package struct ReadOnlySessions: Fault {
    package let name = "read-only-sessions"
    package let sentence =
        "all sessions are terminated, and those that follow are read-only for as long as they live"

    package func play(in world: World) async throws {
        let postgres = world.postgres
        try await offPool {
            try postgres.execute("alter role lastcall set default_transaction_read_only = on")
            try postgres.terminateBackends()
        }
        await world.pause(world.isQuick ? .seconds(4) : .seconds(12))
        try await offPool { try postgres.execute("alter role lastcall reset default_transaction_read_only") }
    }
}

/// Somebody looks at an old state of the database for long.
package struct SnapshotHeld: Fault {
    package let name = "snapshot-held"
    package let sentence = "another session holds a snapshot, so that no dead row is cleared away"

    package func play(in world: World) async throws {
        let postgres = world.postgres
        let seconds = world.isQuick ? 5 : 45
        try await offPool {
            let other = try postgres.connect()
            try other.execute(
                script: "begin isolation level repeatable read; select from lastcall.delivery_queue limit 1"
            )
            try other.execute(script: "select pg_sleep(\(seconds)); rollback")
        }
    }
}
