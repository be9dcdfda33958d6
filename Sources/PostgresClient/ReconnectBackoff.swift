/// How long nobody calls a server that could not be reached.
///
/// Waits double from 50 ms to 2 s: 50, 100, 200, 400, 800, 1600, 2000, 2000, ... Each is drawn from the upper half of
/// its nominal length, so that a fleet does not return at one moment.
struct ReconnectBackoff: Sendable {
    /// Failures since the last success.
    private(set) var failures = 0
    /// When the next attempt may start; in the past when none has failed.
    private(set) var until: ContinuousClock.Instant

    init(now: ContinuousClock.Instant) { until = now }

    /// Notes a failed attempt. Attempts that ran side by side count as one.
    ///
    /// - Parameters:
    ///   - now: when it failed.
    ///   - draw: one uniform draw in `0 ... 1`.
    mutating func failed(at now: ContinuousClock.Instant, draw: Double) {
        guard failures == 0 || now >= until else { return }
        failures += 1
        let nominal = Duration.milliseconds(min(2000, 50 << min(failures - 1, 6)))
        until = now + nominal * (0.5 + draw / 2)
    }

    /// Notes a success.
    mutating func succeeded() { failures = 0 }

    /// Whether an attempt at this time would be too early.
    func isWaiting(at now: ContinuousClock.Instant) -> Bool { failures > 0 && now < until }
}
