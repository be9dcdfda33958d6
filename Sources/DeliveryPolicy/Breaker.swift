public import LogoutModel

/// One client's circuit breaker: it spares an RP that is down, and our attempts at it.
///
/// Five failures in a row open it for 5 s; each time that its one trial fails it opens for twice as long,
/// up to 60 s: nominal 5, 10, 20, 40, 60, 60, ... s, each drawn from 0.9 to 1.1 times that. Times are
/// durations on a clock of the caller's that never goes back, such as the time since the process began; so
/// is chance an argument.
public struct Breaker: Sendable, Hashable {
    /// The breaker as the API shows it.
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// Attempts go through.
        case closed
        /// No attempt goes through.
        case open
        /// One attempt goes through and decides.
        case halfOpen = "half_open"
    }

    /// What becomes of an attempt that wants to go through.
    public enum Admission: Sendable, Hashable {
        /// It goes through.
        case pass
        /// It goes through as the trial; its outcome must be recorded as such.
        case trial
        /// It waits, without being counted; asking again is worthwhile after this long.
        case wait(Duration)
    }

    /// What a recorded outcome did.
    public enum Transition: Sendable, Hashable {
        /// Nothing that anybody needs to be told.
        case none
        /// The breaker opened, for so long.
        case opened(for: Duration)
        /// The breaker closed: waiting retries become due.
        case closed
    }

    /// How many failures in a row open it.
    public static let failureLimit = 5

    private enum Phase: Sendable, Hashable {
        case closed(failures: Int, since: Duration?)
        case open(until: Duration, times: Int)
        case halfOpen(isTrialOut: Bool, times: Int)
    }

    private var phase = Phase.closed(failures: 0, since: nil)

    /// A closed breaker.
    public init() {}

    /// The state as it was at the last call.
    public var state: State {
        switch phase {
        case .closed: .closed
        case .open: .open
        case .halfOpen: .halfOpen
        }
    }

    /// Asks for one attempt to go through.
    public mutating func admit(now: Duration) -> Admission {
        if case .open(let until, let times) = phase {
            guard now >= until else { return .wait(until - now) }
            phase = .halfOpen(isTrialOut: false, times: times)
        }
        guard case .halfOpen(let isTrialOut, let times) = phase else { return .pass }
        guard !isTrialOut else { return .wait(.seconds(1)) }
        phase = .halfOpen(isTrialOut: true, times: times)
        return .trial
    }

    /// Records what an attempt met.
    ///
    /// Any answer of the RP closes the breaker, a refusal too: it is up. What says nothing about the RP
    /// (such as a local error) changes nothing, except that a trial that ended so may be tried again. The
    /// outcome of an attempt that began before the breaker opened does not keep it open.
    ///
    /// - Parameters:
    ///   - outcome: what the attempt met.
    ///   - isTrial: whether it was admitted as the trial.
    ///   - now: the time, on the caller's clock.
    ///   - draw: one uniform draw in `0 ..< 1`.
    /// - Returns: what that did.
    public mutating func record(
        _ outcome: AttemptOutcome,
        isTrial: Bool,
        now: Duration,
        draw: Double
    ) -> Transition {
        switch (outcome.evidence, phase) {
        case (.up, .closed(_, let since)):
            phase = .closed(failures: 0, since: since)
            return .none
        case (.up, .open), (.up, .halfOpen):
            phase = .closed(failures: 0, since: now)
            return .closed
        case (.down, .closed(let failures, let since)):
            guard failures + 1 >= Self.failureLimit else {
                phase = .closed(failures: failures + 1, since: since)
                return .none
            }
            return open(times: 1, now: now, draw: draw)
        case (.down, .halfOpen(_, let times)) where isTrial:
            return open(times: times + 1, now: now, draw: draw)
        case (.none, .halfOpen(_, let times)) where isTrial:
            phase = .halfOpen(isTrialOut: false, times: times)
            return .none
        case (.down, _), (.none, _):
            return .none
        }
    }

    /// How many attempts may run at once: all of them, half in the first second after closing, one while
    /// half-open.
    public func inFlightLimit(maxInFlight: Int, now: Duration) -> Int {
        switch phase {
        case .open(let until, _): now < until ? 0 : 1
        case .halfOpen: 1
        case .closed(_, let since?) where now - since < .seconds(1): max(1, maxInFlight / 2)
        case .closed: maxInFlight
        }
    }

    private mutating func open(times: Int, now: Duration, draw: Double) -> Transition {
        // 5 s doubled four times is past 60 s already; the cap on the exponent keeps the product finite.
        let nominal = min(60, 5 * Double(1 << min(times - 1, 4)))
        let duration = Duration.seconds(nominal * (0.9 + 0.2 * min(max(draw, 0), 1)))
        phase = .open(until: now + duration, times: times)
        return .opened(for: duration)
    }
}

extension AttemptOutcome {
    fileprivate enum Evidence { case up, down, none }

    /// What the outcome says about the RP.
    fileprivate var evidence: Evidence {
        switch self {
        case .delivered, .rejected, .redirectRefused, .rateLimited: .up
        case .timeout, .unreachable, .dnsFailure, .tlsFailure, .serverError: .down
        case .blockedAddress, .protocolError, .signingFailed, .localError, .unknown: .none
        }
    }
}
