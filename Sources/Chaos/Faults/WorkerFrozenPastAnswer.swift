internal import Benchmarks
internal import Glibc

/// A worker sleeps while its POSTs are answered, and wakes with the answers while others have the same deliveries in flight.
struct WorkerFrozenPastAnswer: Fault {
    let name = "worker-frozen-past-answer"
    let sentence =
        "a worker is stopped (SIGSTOP) with its POSTs under way, and woken when others have POSTs of the same deliveries under way"

    func play(in world: World) async throws {
        for _ in 0..<(world.isQuick ? 1 : 3) {
            let spares = world.setup.spares
            // Long enough for the sleeper's old outcomes to come in between.
            world.parties.set(.slow(.seconds(4)), for: spares)
            var sids: [String] = []
            for spare in spares { sids += await world.load.report(to: [spare]).targets.map(\.sid) }
            try await world.waitForPosts(of: sids)
            let sleeper = try await world.holder(of: spares)
            sleeper.member.signal(SIGSTOP)
            sleeper.member.wasFrozen()
            try await world.wait(for: "second POSTs of what the sleeper holds", within: .seconds(40)) {
                let posts = world.postCounts()
                return sleeper.sids.allSatisfy { posts[$0, default: 0] > 1 }
            }
            sleeper.member.signal(SIGCONT)
            world.note("\(sleeper.member.label) woke with \(sleeper.sids.count) outcomes of old leases")
            try await world.wait(for: "the sleeper's outcomes to be fenced out", within: .seconds(20)) {
                sleeper.member.lines.contains { $0.contains("outcomes came after their lease was lost") }
                    || sleeper.sids.allSatisfy { world.postCounts()[$0, default: 0] > 2 }
            }
            await world.pause(.seconds(5))
            let posts = world.postCounts()
            let more = sleeper.sids.filter { posts[$0, default: 0] != 2 }
            world.check(
                Check(
                    "an outcome of an old lease changes nothing",
                    more.isEmpty,
                    detail: more.map { "\($0): \(posts[$0, default: 0]) POSTs" }.joined(separator: "; ")
                )
            )
            world.parties.set(.ok, for: spares)
        }
    }
}
