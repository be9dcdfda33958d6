internal import Benchmarks

/// One relying party is down while a hundred thousand deliveries gather for it. Nobody else waits for them.
struct PartyBacklog: Fault {
    let name = "party-backlog"
    let sentence = "100,000 deliveries wait for one RP that is down, which then comes back"

    private static let targetsOfCall = 1_000
    private static let callers = 4

    var expectations: Expectations { Expectations { $0.quiet = .seconds(300) } }

    func play(in world: World) async throws {
        let party = world.random.below(world.busyParties.count)
        let calls = world.isQuick ? 2 : 100
        let began = Moment.now
        world.parties.set(.closedPort, for: [party])
        let load = world.load
        await withTaskGroup { group in
            for caller in 0..<Self.callers {
                group.addTask {
                    for _ in stride(from: caller, to: calls, by: Self.callers) {
                        _ = await load.report(to: Array(repeating: party, count: Self.targetsOfCall))
                    }
                }
            }
        }
        world.note("gathered in \(Figures.short(Double(Moment.now - began) / 1e9)) s")
        await world.pause(world.isQuick ? .seconds(2) : .seconds(20))
        await world.judgeOthers(than: [party], since: began)
        let back = Moment.now
        world.parties.set(.ok, for: [party])
        let wanted = calls * Self.targetsOfCall
        try await world.wait(for: "the backlog to be delivered", within: .seconds(300)) {
            world.parties.posts.count { $0.party == party && $0.isAccepted && $0.arrivedAt >= back } >= wanted
        }
        let seconds = Double(Moment.now - back) / 1e9
        world.note("delivered in \(Figures.short(seconds)) s: \(Int(Double(wanted) / seconds)) a second")
        await world.judgeOthers(than: [party], since: back)
    }
}
