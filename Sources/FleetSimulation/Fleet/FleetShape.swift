import DeliveryPolicy

/// How a history is laid out, all of it drawn from its seed: who takes part, how they are set, and which faults come.
struct FleetShape: Sendable {
    /// How likely single faults are, while faults happen. A fault that a history leaves out makes others visible.
    struct Faults: Sendable {
        var crashBeforeCall = 0.0
        var crashAfterCall = 0.0
        var callLost = 0.0
        var answerLost = 0.0
        var slowCall = 0.0
        var signingFails = 0.0
        var signingHangs = 0.0
        var wakeLost = 0.0
        /// Between disturbances, in microseconds.
        var disturbanceEvery = 1_000_000
    }

    let workers: Int
    let apis: Int
    let parties: Int
    let logouts: Int
    let slots: Int
    let pollInterval: Int
    /// Until when faults happen, in microseconds.
    let storm: Int
    /// Until when everything must have ended.
    let bound: Int
    /// Whether some intake commits come late.
    let hasLateCommits: Bool
    let maxInFlight: Int
    let attemptTimeoutSeconds: Double
    let deliverWithinSeconds: Int
    let settings: DeliverySettings
    let faults: Faults

    init(drawnFrom random: inout SimulationRandom) {
        workers = random.within(2...6)
        apis = random.within(1...3)
        parties = random.within(1...4)
        logouts = random.within(3...10)
        slots = random.one(of: [4, 16, 64])
        pollInterval = random.one(of: [250_000, 500_000, 1_000_000])
        storm = random.time(2_000_000, 40_000_000)
        hasLateCommits = random.chance(0.25)
        maxInFlight = random.one(of: [1, 2, 4, 16])
        attemptTimeoutSeconds = random.one(of: [0.5, 2, 5, 20])
        deliverWithinSeconds = random.one(of: [3, 15, 3_600, 3_600, 3_600])
        let standard = DeliverySettings.standard
        settings =
            (try? DeliveryOverrides(
                attemptTimeoutSeconds: attemptTimeoutSeconds,
                deliverWithinSeconds: deliverWithinSeconds,
                maxAttempts: random.chance(0.2) ? random.within(2...4) : nil,
                maxInFlight: maxInFlight,
                retryWaitsSeconds: [0.2, 1, 5, 15],
                retryAfterCapSeconds: 30
            ).resolved(over: standard)) ?? standard
        // Faults end; then the longest wait, a breaker's or a retry's, a lease, and a few turns for what queued up.
        bound = storm + 66_000_000 + Int(max(10, 3 + attemptTimeoutSeconds) * 1_000_000) + 45_000_000
        var faults = Faults()
        func drawn(_ high: Double) -> Double { [0, 0, high / 4, high][random.within(0...3)] }
        faults.crashBeforeCall = drawn(0.01)
        faults.crashAfterCall = drawn(0.01)
        faults.callLost = drawn(0.1)
        faults.answerLost = drawn(0.1)
        faults.slowCall = drawn(0.1)
        faults.signingFails = drawn(0.05)
        faults.signingHangs = drawn(0.1)
        faults.wakeLost = drawn(0.5)
        faults.disturbanceEvery = random.one(of: [300_000, 1_000_000, 4_000_000])
        self.faults = faults
    }
}
