internal import Benchmarks

/// Half of the relying parties are down for minutes and come back: they are told soon, and not all at once.
struct HalfPartiesDown: Fault {
    let name = "half-parties-down"
    let sentence = "half of the RPs are down for minutes and come back"

    /// What waited is replayed in as long as they were down.
    var expectations: Expectations { Expectations { $0.quiet = .seconds(240) } }

    func play(in world: World) async throws {
        let half = world.parties(oneIn: 2)
        let began = Moment.now
        let normal = rate(at: world, until: began)
        world.parties.set(.closedPort, for: half)
        await world.pause(world.isQuick ? .seconds(8) : world.random.within(.seconds(80)...(.seconds(150))))
        await world.judgeOthers(than: half, since: began)
        let tried = try PartyOutcomes(world.postgres).of(half)
        world.note("attempts at each while it was down: \(tried["unreachable", default: 0] / half.count)")
        let back = Moment.now
        world.parties.set(.ok, for: half)
        try await world.judgeReturn(of: half, since: back)
        await world.pause(PartyReturn.window)
        judge(PartyReturn(of: half, at: back, in: world.parties.posts), in: world, back: back, normal: normal)
    }

    /// POSTs a second that one party got before.
    private func rate(at world: World, until end: UInt64) -> Double {
        let seconds = world.isQuick ? 2.0 : 10
        let start = end - UInt64(seconds * 1e9)
        let count = world.parties.posts.count { $0.arrivedAt >= start && $0.arrivedAt < end }
        return Double(count) / seconds / Double(world.busyParties.count)
    }

    private func judge(_ found: PartyReturn, in world: World, back: UInt64, normal: Double) {
        let delays = Statistics(found.first.values.map { Double($0 - back) / 1e9 })
        let peak = Statistics(found.peaks)
        world.note(
            "told again after p50 \(Figures.short(delays.median)) s; in one second each got p50 "
                + "\(Figures.short(peak.median)) and at most \(Figures.short(peak.maximum)) POSTs"
        )
        // Below one a second the replay is not slower: `replay_minimum_per_second`.
        world.check(
            Check(
                "RPs that return get at most twice their usual rate, or two POSTs a second",
                world.isQuick || found.rate <= 2 * max(normal, 1),
                detail: "\(Figures.short(found.rate)) POSTs a second each, \(Figures.short(normal)) before"
            )
        )
    }
}
