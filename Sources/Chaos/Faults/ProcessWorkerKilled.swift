internal import Benchmarks

/// Workers are killed at random moments.
struct WorkerKilled: Fault {
    let name = "worker-killed"
    let sentence = "workers are killed (kill -9) at random moments, and started again"

    func play(in world: World) async throws {
        for _ in 0..<(world.isQuick ? 2 : 6) {
            await world.pause(world.random.within(.milliseconds(100)...(.seconds(world.isQuick ? 1 : 4))))
            guard let victim = world.random.pick(world.fleet.workers) else { return }
            await victim.kill()
            await world.pause(world.random.within(.zero ... .seconds(1)))
            try await victim.start()
        }
        // What the last one held comes back when its lease is over.
        if !world.isQuick { await world.pause(.seconds(11)) }
    }
}

/// A worker is killed when an RP has its POST and has not answered.
struct WorkerKilledAfterPost: Fault {
    let name = "worker-killed-after-post"
    let sentence = "a worker is killed after RPs got its POSTs and before they answered"

    func play(in world: World) async throws {
        for _ in 0..<(world.isQuick ? 1 : 3) {
            let spares = world.setup.spares
            world.parties.set(.hang, for: spares)
            var sids: [String] = []
            for spare in spares { sids += await world.load.report(to: [spare]).targets.map(\.sid) }
            try await world.waitForPosts(of: sids)
            let holder = try await world.holder(of: spares)
            await holder.member.kill()
            world.parties.set(.ok, for: spares)
            world.note("\(holder.member.label) was killed with \(holder.sids.count) POSTs unanswered")
            await world.pause(world.random.within(.zero ... .seconds(2)))
            try await holder.member.start()
            await world.pause(.seconds(11))
        }
    }
}

/// A worker is killed when it has claimed and not posted.
struct WorkerKilledBeforePost: Fault {
    let name = "worker-killed-before-post"
    let sentence = "a worker is killed between its claims and its POSTs, which wait for TLS"

    func play(in world: World) async throws {
        for _ in 0..<(world.isQuick ? 1 : 3) {
            let spares = world.setup.spares
            world.parties.set(.stallTLS, for: spares)
            var sids: [String] = []
            for spare in spares { sids += await world.load.report(to: [spare]).targets.map(\.sid) }
            let holder = try await world.holder(of: spares)
            await holder.member.kill()
            world.parties.set(.ok, for: spares)
            let posts = world.postCounts()
            world.check(
                Check(
                    "what was killed before its POST was not posted",
                    holder.sids.allSatisfy { posts[$0] == nil },
                    detail: "\(holder.sids.count) held by \(holder.member.label)"
                )
            )
            try await holder.member.start()
            await world.pause(.seconds(11))
        }
    }
}

/// Every process is killed at once.
struct FleetKilled: Fault {
    let name = "fleet-killed"
    let sentence = "all API processes and workers are killed at once (kill -9), and started again"

    func play(in world: World) async throws {
        for _ in 0..<(world.isQuick ? 1 : 3) {
            await world.fleet.kill()
            await world.pause(world.random.within(.zero ... .seconds(1)))
            try await world.fleet.start()
            await world.pause(world.random.within(.milliseconds(100)...(.seconds(world.isQuick ? 1 : 5))))
        }
        if !world.isQuick { await world.pause(.seconds(8)) }
    }
}
