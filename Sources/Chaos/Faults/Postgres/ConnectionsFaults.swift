/// Connections fall silent and stay open; new ones are fine.
package struct HalfDeadConnections: Fault {
    package let name = "connections-half-dead"
    package let sentence = "connections to Postgres go silent without an end, first some, then all"
    package let setup = WorldSetup { $0.viaProxy = true }

    package func play(in world: World) async throws {
        guard let proxy = world.postgres.proxy else { throw ChaosError("this world has no proxy") }
        let half = world.random.below(2)
        proxy.halfKill { $0 % 2 == half }
        await world.pause(world.isQuick ? .seconds(3) : .seconds(12))
        proxy.halfKill()
        await world.pause(world.isQuick ? .seconds(3) : .seconds(12))
        proxy.heal()
    }
}

/// The network between the product and Postgres swallows everything, and gives it out late.
package struct DatabaseBlackhole: Fault {
    package let name = "database-blackhole"
    package let sentence =
        "nothing passes between the product and Postgres, longer than a lease; then all arrives late"
    package let setup = WorldSetup { $0.viaProxy = true }

    package func play(in world: World) async throws {
        guard let proxy = world.postgres.proxy else { throw ChaosError("this world has no proxy") }
        for length in world.isQuick ? [Duration.seconds(4)] : [.seconds(4), .seconds(15)] {
            proxy.blackhole()
            await world.pause(length)
            proxy.heal()
            await world.pause(.seconds(2))
        }
    }
}

/// Postgres is far away.
package struct DatabaseSlow: Fault {
    package let name = "database-slow"
    package let sentence = "each round trip to Postgres takes 40, 100, then 300 ms more"
    package let setup = WorldSetup { $0.viaProxy = true }

    package func play(in world: World) async throws {
        guard let proxy = world.postgres.proxy else { throw ChaosError("this world has no proxy") }
        for delay in [20, 50, 150] {
            proxy.delay(.milliseconds(delay))
            await world.pause(world.isQuick ? .seconds(3) : .seconds(8))
        }
        proxy.heal()
    }
}

/// Nobody listens where Postgres was.
package struct ConnectionsRefused: Fault {
    package let name = "connections-refused"
    package let sentence = "connections to Postgres are reset, and new ones refused"
    package let setup = WorldSetup { $0.viaProxy = true }

    package func play(in world: World) async throws {
        guard let proxy = world.postgres.proxy else { throw ChaosError("this world has no proxy") }
        for length in world.isQuick ? [Duration.seconds(2)] : [.seconds(1), .seconds(4), .seconds(12)] {
            proxy.refuse()
            await world.pause(length)
            proxy.heal()
            if let failure = proxy.failure { throw failure }
            await world.pause(.seconds(3))
        }
    }
}

/// Postgres has no place for more connections.
package struct TooManyConnections: Fault {
    package let name = "connections-too-many"
    package let sentence = "sessions are terminated, and Postgres has places for three new ones (53300)"

    package func play(in world: World) async throws {
        let postgres = world.postgres
        try await offPool {
            try postgres.execute("alter role lastcall connection limit 3")
            try postgres.terminateBackends()
        }
        await world.pause(world.isQuick ? .seconds(4) : .seconds(15))
        try await offPool { try postgres.execute("alter role lastcall connection limit -1") }
    }
}
