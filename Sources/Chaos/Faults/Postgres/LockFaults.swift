internal import Benchmarks
internal import PostgresClient

/// Somebody else holds rows of the product.
package struct RowsLocked: Fault {
    package let name = "rows-locked"
    package let sentence =
        "another session locks rows of queue, clients, events and idempotency keys for longer than lock_timeout"

    package func play(in world: World) async throws {
        let postgres = world.postgres
        let tables = ["delivery_queue", "clients", "logout_events", "issuers"]
        for round in 0..<(world.isQuick ? 4 : 8) {
            let table = tables[round % tables.count]
            let draw = world.random.within(.milliseconds(500) ... .seconds(4))
            try await offPool {
                let other = try postgres.connect()
                try other.execute(
                    script:
                        "begin; select from (select from lastcall.\(table) limit 200 for update skip locked) r"
                )
                // The session's own wait: its thread has nothing else to do.
                try other.execute(script: "select pg_sleep(\(draw / .seconds(1))); rollback")
            }
            await world.pause(.milliseconds(300))
        }
    }
}

/// Somebody else holds tables of the product.
package struct TablesLocked: Fault {
    package let name = "tables-locked"
    package let sentence = "another session locks one table after the other for itself, up to 5 s each"

    package func play(in world: World) async throws {
        let postgres = world.postgres
        let tables = ["delivery_queue", "deliveries", "attempts", "logout_events", "audit_events", "clients"]
        for table in tables.prefix(world.isQuick ? 3 : tables.count) {
            let draw = world.random.within(.seconds(2) ... .seconds(5))
            try await offPool {
                let other = try postgres.connect()
                try other.execute(script: "begin; lock table lastcall.\(table) in access exclusive mode")
                try other.execute(script: "select pg_sleep(\(draw / .seconds(1))); rollback")
            }
            await world.pause(.seconds(1))
        }
    }
}

/// Another session and the product wait for each other, and the product is chosen to give way.
package struct Deadlocks: Fault {
    package let name = "deadlocks"
    package let sentence =
        "another session takes leased rows in another order, so that settlements end in deadlocks (40P01)"

    package func play(in world: World) async throws {
        let postgres = world.postgres
        // Attempts that last keep rows leased.
        world.parties.set(.slow(.milliseconds(400)), for: 0..<(world.setup.parties / 2))
        defer { world.parties.set(.ok, for: 0..<(world.setup.parties / 2)) }
        let count = "select deadlocks from pg_stat_database where datname = 'lastcall'"
        let before = try await offPool { try postgres.number(count) }
        let wanted = world.isQuick ? 2 : 8
        try await world.wait(for: "\(wanted) deadlocks", within: .seconds(120)) {
            try await offPool {
                let other = try postgres.connect()
                try other.execute(script: Self.first)
                try other.execute(script: "select pg_sleep(0.3)")
                try? other.execute(script: Self.rest)
                other.close()
                // Sessions report what they met when they are idle, at most once a second.
                return try postgres.number(count) - before >= wanted
            }
        }
        let met = try await offPool { try postgres.number(count) } - before
        world.note("\(met) deadlocks")
        world.check(Check("the product met deadlocks", met >= wanted, detail: "\(met)"))
    }

    private static let first = """
        set deadlock_timeout = '60s'; set lock_timeout = '5s'; begin;
        select from lastcall.delivery_queue where lease_until > now() order by delivery_id desc limit 20 for update skip locked
        """
    private static let rest =
        "select from lastcall.delivery_queue where lease_until > now() order by delivery_id for update; rollback"
}
