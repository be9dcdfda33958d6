import DeliveryPolicy

/// Spares a signer that is down, and what waits for it: a value, told the time.
///
/// Failures in a row open it, for 5 s and then for twice as long each time, up to 60 s; then one call at a time is
/// let through, and the first that is answered closes it.
package struct SignerBreaker: Sendable, Hashable {
    private var failures = 0
    private var trips = 0
    private var openUntil: ContinuousClock.Instant?
    private var isTrying = false

    /// A closed breaker.
    package init() {}

    /// Whether it keeps calls back for now.
    package func isOpen(at now: ContinuousClock.Instant) -> Bool {
        guard let openUntil else { return false }
        return now < openUntil || isTrying
    }

    /// Lets a call through, or not; one that is let through is to be recorded.
    package mutating func admits(at now: ContinuousClock.Instant) -> Bool {
        guard let openUntil else { return true }
        guard now >= openUntil, !isTrying else { return false }
        isTrying = true
        return true
    }

    /// Takes in what became of a call that was let through. `draw`: 0 to 1, for the jitter.
    package mutating func record(isUp: Bool, at now: ContinuousClock.Instant, draw: Double) {
        guard !isUp else {
            self = SignerBreaker()
            return
        }
        failures += 1
        // Calls that were under way when it opened say nothing new.
        guard isTrying || openUntil == nil && failures >= Breaker.failureLimit else { return }
        openUntil = now + Breaker.openDuration(trips: trips, draw: draw)
        trips += 1
        isTrying = false
    }

    /// A call that was let through ended without asking the signer.
    package mutating func withdraw() {
        isTrying = false
    }
}
