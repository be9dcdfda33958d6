internal import Benchmarks
internal import Glibc

/// A worker sleeps past its leases and wakes.
struct WorkerFrozen: Fault {
    let name = "worker-frozen"
    let sentence =
        "a worker is stopped (SIGSTOP) past its leases, before some POSTs and after others, and woken (SIGCONT)"

    func play(in world: World) async throws {
        let spares = world.setup.spares
        let middle = (spares.lowerBound + spares.upperBound) / 2
        let (posted, unposted) = (spares.lowerBound..<middle, middle..<spares.upperBound)
        world.parties.set(.hang, for: posted)
        world.parties.set(.stallTLS, for: unposted)
        var sids: [String] = []
        for spare in posted { sids += await world.load.report(to: [spare]).targets.map(\.sid) }
        for spare in unposted { await world.load.report(to: [spare]) }
        try await world.waitForPosts(of: sids)
        let sleeper = try await world.holder(of: unposted)
        sleeper.member.signal(SIGSTOP)
        sleeper.member.wasFrozen()
        let held = Set(sleeper.sids)
        world.parties.set(.ok, for: spares)
        world.note("\(sleeper.member.label) sleeps on \(sleeper.sids.count) claims without a POST")
        try await world.wait(for: "others to deliver what the sleeper held", within: .seconds(40)) {
            Set(world.postCounts().keys).isSuperset(of: held)
        }
        await world.pause(world.isQuick ? .milliseconds(500) : .seconds(6))
        let before = world.postCounts()
        sleeper.member.signal(SIGCONT)
        await world.pause(.seconds(3))
        let after = world.postCounts()
        let late = held.filter { after[$0] != before[$0] }
        world.check(
            Check(
                "the woken worker posts nothing under its old leases",
                late.isEmpty,
                detail: "\(held.count) held, \(late.count) posted late"
            )
        )
        world.check(
            Check(
                "the woken worker works on",
                sleeper.member.isRunning,
                detail: sleeper.member.isRunning ? "" : "\(sleeper.member.lines.suffix(2))"
            )
        )
    }
}
