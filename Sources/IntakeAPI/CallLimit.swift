/// How many calls each API key may make of this process.
struct CallLimit: Sendable {
    /// A key without a limit of its own; 0: no limit.
    let callsPerSecond: Int
    /// How many such a key may make at once.
    let burstCalls: Int

    /// The bucket of a key; `callsPerSecond`: its own limit. One with a limit of its own saves up one second of it.
    func bucket(callsPerSecond own: Int?, now: ContinuousClock.Instant) -> TokenBucket? {
        guard let own else { return TokenBucket(perSecond: callsPerSecond, burst: burstCalls, now: now) }
        return TokenBucket(perSecond: own, burst: own, now: now)
    }
}
