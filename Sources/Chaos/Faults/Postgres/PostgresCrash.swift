internal import Benchmarks

/// The server crashes and recovers, several times.
package struct PostgresCrash: Fault {
    package let name = "postgres-crash"
    package let sentence = "Postgres is stopped at once, without a checkpoint, and started again"
    package let expectations = Expectations { $0.mayLoseClaims = true }

    package func play(in world: World) async throws {
        let postgres = world.postgres
        for _ in 0..<(world.isQuick ? 1 : 3) {
            try await offPool { try postgres.stopImmediate() }
            await world.pause(world.random.within(.milliseconds(500) ... .seconds(3)))
            try await offPool { try postgres.start() }
            await world.pause(world.random.within(.seconds(1) ... .seconds(3)))
        }
    }
}

/// Sessions end while they work.
package struct BackendsTerminated: Fault {
    package let name = "backends-terminated"
    package let sentence = "random sessions of the product are terminated, several a second"

    package func play(in world: World) async throws {
        let postgres = world.postgres
        var ended = 0
        for _ in 0..<(world.isQuick ? 15 : 60) {
            let draw = world.random.below(1_000_000)
            ended += try await offPool {
                try postgres.terminateBackends(matching: Self.one(of: "true", draw))
            }
            await world.pause(world.random.within(.milliseconds(20) ... .milliseconds(400)))
        }
        world.note("\(ended) sessions were terminated")
        world.check(Check("sessions were terminated", ended > 0, detail: "\(ended)"))
    }

    /// One session of those that match, by a draw.
    static func one(of condition: String, _ draw: Int) -> String {
        """
        pid = (select (array_agg(pid order by pid))[1 + \(draw) % count(*)] from pg_stat_activity
            where usename = 'lastcall' and \(condition))
        """
    }
}

/// Statements are cancelled while they run.
package struct StatementsCancelled: Fault {
    package let name = "statements-cancelled"
    package let sentence = "what sessions of the product are doing is cancelled, many times a second"

    package func play(in world: World) async throws {
        let postgres = world.postgres
        var cancelled = 0
        for _ in 0..<(world.isQuick ? 60 : 300) {
            cancelled += try await offPool { try postgres.cancelBackends(matching: "state = 'active'") }
            await world.pause(world.random.within(.milliseconds(5) ... .milliseconds(60)))
        }
        world.note("\(cancelled) statements were cancelled")
        world.check(Check("statements were cancelled", cancelled > 0, detail: "\(cancelled)"))
    }
}
