/// How many calls are let through: so many a second, and a burst of them after a pause.
struct TokenBucket: Sendable {
    /// Calls a second.
    let rate: Double
    /// Calls at once.
    let burst: Double
    private var level: Double
    private var filledAt: ContinuousClock.Instant

    /// A full bucket; `nil` where there is no limit.
    init?(perSecond: Int, burst: Int, now: ContinuousClock.Instant) {
        guard perSecond > 0 else { return nil }
        rate = Double(perSecond)
        self.burst = Double(max(1, burst))
        level = self.burst
        filledAt = now
    }

    /// Takes what one call costs; returns how long it is until there is enough, where there is not.
    mutating func take(now: ContinuousClock.Instant) -> Duration? {
        let passed = filledAt.duration(to: now)
        // Callers read the clock before they get the lock, so time may seem to go back.
        if passed > .zero {
            let (seconds, attoseconds) = passed.components
            level = min(burst, level + (Double(seconds) + Double(attoseconds) / 1e18) * rate)
            filledAt = now
        }
        guard level >= 1 else { return .seconds((1 - level) / rate) }
        level -= 1
        return nil
    }

    /// Gives back what one call has taken.
    mutating func putBack() {
        level = min(burst, level + 1)
    }
}
