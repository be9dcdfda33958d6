internal import Benchmarks
internal import Glibc

/// The primary is lost, and the standby that every commit waited for takes over.
package struct SynchronousFailover: Fault {
    package let name = "failover-synchronous"
    package let sentence = "the primary is lost, and a synchronous standby takes over: nothing is lost"
    package let setup = WorldSetup { $0.standby = .synchronous }
    package let expectations = Expectations { $0.mayLoseClaims = true }

    package func play(in world: World) async throws {
        let postgres = world.postgres
        try await ReadinessReport.expect("sync", in: world)
        try await offPool {
            try postgres.primary.kill()
            try postgres.promoteStandby()
        }
    }
}

/// The primary is lost, and a standby that is behind takes over.
package struct AsynchronousFailover: Fault {
    package let name = "failover-asynchronous"
    package let sentence =
        "the primary is lost while its asynchronous standby is seconds behind, and that takes over"
    package let setup = WorldSetup { $0.standby = .asynchronous }
    package let expectations = Expectations {
        $0.mayLose = true
        $0.mayForget = true
        $0.mayLoseClaims = true
    }

    package func play(in world: World) async throws {
        guard let standby = world.postgres.standby else { throw ChaosError("this world has no standby") }
        let postgres = world.postgres
        try await ReadinessReport.expect("async_risk", in: world)
        standby.signalAll(SIGSTOP)
        await world.pause(world.isQuick ? .seconds(2) : .seconds(3))
        let reported = try await ReadinessReport.of(world)
        try await offPool {
            try postgres.primary.kill()
            // What the standby's kernel has and the standby has not is lost too, as with the network's.
            try standby.kill()
            try standby.start()
            try postgres.promoteStandby()
        }
        world.note("/readyz had reported \(reported.lossWindow.map { "\($0) s" } ?? "no loss window")")
        world.check(
            Check(
                "/readyz has reported the loss window",
                (reported.lossWindow ?? 0) >= (world.isQuick ? 1 : 2),
                detail: reported.text
            )
        )
    }
}

/// The standby that every commit waits for is gone, and comes back.
package struct SynchronousStandbyGone: Fault {
    package let name = "synchronous-standby-gone"
    package let sentence =
        "the synchronous standby falls silent, comes back, stops, and starts: 503 within 2 s meanwhile"
    package let setup = WorldSetup { $0.standby = .synchronous }

    package func play(in world: World) async throws {
        guard let standby = world.postgres.standby else { throw ChaosError("this world has no standby") }
        let postgres = world.postgres
        let length = world.isQuick ? Duration.seconds(6) : .seconds(15)
        standby.signalAll(SIGSTOP)
        try await UnansweredCalls.ask(world, for: length)
        let waiting = try await offPool {
            try postgres.number("select count(*) from pg_stat_activity where wait_event = 'SyncRep'")
        }
        world.note("\(waiting) sessions waited for the standby in the end")
        standby.signalAll(SIGCONT)
        await world.pause(.seconds(4))
        try await offPool { try standby.stop() }
        try await UnansweredCalls.ask(world, for: length)
        try await offPool { try standby.start() }
    }
}

/// The standby is gone, what waits for it is ended by a crash of the primary, clients try again, and then the primary is lost.
package struct SynchronousStandbyGoneThenFailover: Fault {
    package let name = "synchronous-standby-gone-then-failover"
    package let sentence =
        "commits wait for a lost standby, the primary crashes and recovers, sessions are terminated; then the standby takes over"
    package let setup = WorldSetup { $0.standby = .synchronous }
    package let expectations = Expectations {
        $0.mayForget = true
        $0.mayLoseClaims = true
    }

    package func play(in world: World) async throws {
        guard let standby = world.postgres.standby else { throw ChaosError("this world has no standby") }
        let postgres = world.postgres
        try await offPool { try standby.stop() }
        await world.pause(.seconds(3))
        // What waited is committed here from now on, and nowhere else.
        try await offPool { try postgres.restart() }
        await world.pause(.seconds(3))
        _ = try await offPool { try postgres.terminateBackends() }
        try await UnansweredCalls.ask(world, for: world.isQuick ? .seconds(4) : .seconds(10))
        try await offPool {
            try postgres.primary.kill()
            try standby.start()
            try postgres.promoteStandby()
        }
    }
}

/// The pooler that the product's transactions go through crashes.
package struct PoolerCrash: Fault {
    package let name = "pgbouncer"
    package let sentence =
        "through pgbouncer in transaction mode: the pooler is killed and started, sessions behind it are terminated"
    package let setup = WorldSetup { $0.viaPooler = true }

    package func play(in world: World) async throws {
        let postgres = world.postgres
        guard let pooler = postgres.pooler else { throw ChaosError("this world has no pooler") }
        for _ in 0..<(world.isQuick ? 1 : 3) {
            try await offPool { try pooler.restart() }
            await world.pause(world.random.within(.seconds(2) ... .seconds(4)))
            _ = try await offPool { try postgres.terminateBackends() }
            await world.pause(world.random.within(.seconds(2) ... .seconds(4)))
        }
    }
}
