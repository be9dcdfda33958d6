internal import Benchmarks

/// Relying parties misbehave in every way at once, each for some seconds, drawn by chance.
struct PartyMix: Fault {
    let name = "party-mix"
    let sentence = "RPs misbehave in every way at once, each for some seconds"

    private static let behaviours: [PartyBehaviour] = [
        .dropSYN, .closedPort, .resetOnAccept, .resetDuringRequest, .resetAfterRequest, .resetMidAnswer,
        .resetAfterAnswer, .answerLost, .hang, .drip(bytesPerSecond: 1), .drip(bytesPerSecond: 100),
        .endlessBody,
        .hugeHeaders, .stallTLS, .status(503), .status(500, headers: ["Retry-After: 3"]), .status(204),
        .slow(.milliseconds(800)),
    ]

    func play(in world: World) async throws {
        var until: [Int: UInt64] = [:]
        let end = Moment.now + (world.isQuick ? 8 : 40) * 1_000_000_000
        while Moment.now < end {
            let now = Moment.now
            for (party, moment) in until where moment <= now {
                world.parties.set(.ok, for: [party])
                until[party] = nil
            }
            // Half of them at most, so that the others can be seen not to suffer.
            let party = world.random.below(world.busyParties.count)
            if until.count < world.busyParties.count / 2, until[party] == nil,
                let behaviour = world.random.pick(Self.behaviours)
            {
                world.parties.set(behaviour, for: [party])
                let held = world.random.within(.seconds(1)...(.seconds(8))) / .nanoseconds(1)
                until[party] = now + UInt64(held)
            }
            await world.pause(.milliseconds(50))
        }
        world.parties.set(.ok, for: 0..<world.setup.parties)
        let met = try PartyOutcomes(world.postgres).of(0..<world.setup.parties)
        world.note(
            "attempts: \(met.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))"
        )
        world.check(Check("the RPs misbehave in several ways", met.count >= 3, detail: "\(met)"))
    }
}
