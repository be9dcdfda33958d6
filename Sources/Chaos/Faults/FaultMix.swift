/// Faults one after another in one world, with one set of accounts in the end.
package struct FaultMix: Fault {
    package let name: String
    package let sentence: String
    package let setup: WorldSetup
    package let expectations: Expectations
    private let faults: [any Fault]
    /// How long faults are drawn at random; `nil` plays each once, in order.
    private let duration: Duration?

    /// Some faults, each once.
    ///
    /// - Parameter faults: in order.
    package init(inOrder faults: [any Fault]) {
        let setup = WorldSetup { $0.viaProxy = faults.contains { $0.setup.viaProxy } }
        self.init("in-order", faults, nil, setup)
    }

    /// Faults at random for some time.
    ///
    /// - Parameter minutes: how long.
    package init(minutes: Int) {
        let setup = WorldSetup { $0.viaProxy = FaultList.all.contains { $0.setup.viaProxy } }
        let fitting = FaultList.all.filter { fault in
            fault.setup == .standard || fault.setup == setup
        }
        self.init("random", fitting, .seconds(60 * minutes), setup)
    }

    private init(_ name: String, _ faults: [any Fault], _ duration: Duration?, _ setup: WorldSetup) {
        self.name = name
        self.faults = faults
        self.duration = duration
        self.setup = setup
        sentence =
            duration == nil
            ? faults.map(\.name).joined(separator: ", ")
            : "faults that are drawn at random, one after another, of \(faults.count)"
        expectations = Expectations { whole in
            for each in faults.map(\.expectations) {
                whole.ends.formUnion(each.ends)
                whole.mayLose = whole.mayLose || each.mayLose
                whole.mayForget = whole.mayForget || each.mayForget
                whole.mayLoseClaims = whole.mayLoseClaims || each.mayLoseClaims
                whole.quiet = max(whole.quiet, each.quiet)
                if each.takeover == nil { whole.takeover = nil }
            }
        }
    }

    package func play(in world: World) async throws {
        guard let duration else {
            for fault in faults { try await play(fault, in: world) }
            return
        }
        let end = ContinuousClock.now + duration
        while ContinuousClock.now < end, !Task.isCancelled {
            guard let fault = world.random.pick(faults) else { return }
            try await play(fault, in: world)
            await world.pause(world.random.within(.seconds(1)...(.seconds(10))))
        }
    }

    private func play(_ fault: any Fault, in world: World) async throws {
        world.note("begins: \(fault.name)")
        try await fault.play(in: world)
        world.check(world.unaskedEnds())
        try await world.fleet.start()
        world.parties.set(.ok, for: 0..<world.setup.parties)
        if world.isQuick { await world.pause(.milliseconds(300)) }
    }
}
