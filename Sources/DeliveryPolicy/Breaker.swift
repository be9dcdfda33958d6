public import LogoutModel

/// What one process knows of one client's circuit breaker, which spares an RP that is down, and our attempts at it.
///
/// The breaker itself is in the client's row, for all processes at once: how often it has opened since it was last
/// closed (its trips; 0 is closed) and until when. Here failures in a row are counted, and it is decided when to ask
/// for a change of that row. Each such wish carries the trips that it is based on, so that of many processes that see
/// the same RP fail or recover only one changes the row.
///
/// An attempt that was claimed at trips above 0 is a trial: an open breaker lets nothing be claimed, a half-open one
/// lets through one attempt at a time.
public struct Breaker: Sendable, Hashable {
    /// What an outcome asks for.
    public enum Verdict: Sendable, Hashable {
        /// Nothing.
        case none
        /// To open the breaker, which has opened `trips` times, after so many failures in a row.
        case open(trips: Int, failures: Int)
        /// To close the breaker, which has opened `trips` times: waiting retries become due.
        case close(trips: Int)
    }

    /// How many failures in a row open it.
    public static let failureLimit = 5

    /// Failures since the last answer.
    public private(set) var failures = 0
    /// How often it has opened since it was closed, as far as this process knows.
    public private(set) var trips = 0

    /// A closed breaker.
    public init() {}

    /// Learns how often it has opened, from a claim or from a change that this process made.
    public mutating func learn(trips: Int) {
        // Somebody closed it: an RP that was up a moment ago begins a new count.
        if trips == 0, self.trips > 0 { failures = 0 }
        self.trips = trips
    }

    /// Whether it has opened since a claim at these trips, so that what was claimed is better not sent.
    public func refuses(claimedAt trips: Int) -> Bool {
        self.trips > trips
    }

    /// Takes in what an attempt met.
    ///
    /// Any answer of the RP closes the breaker, a refusal too, and of an attempt that began before it opened: the RP is
    /// up. What says nothing about the RP (such as a local error) changes nothing; nor does the failure of an attempt
    /// that began before it opened. A wish that cannot be fulfilled is uttered again with the next outcome.
    ///
    /// - Parameters:
    ///   - outcome: what the attempt met.
    ///   - trips: how often the breaker had opened when the attempt was claimed.
    /// - Returns: what to do about it.
    public mutating func record(_ outcome: AttemptOutcome, claimedAt trips: Int) -> Verdict {
        let known = max(trips, self.trips)
        switch outcome.evidence {
        case .none: return .none
        case .up:
            failures = 0
            return known > 0 ? .close(trips: known) : .none
        case .down:
            guard trips == known else { return .none }
            failures = min(failures, Int.max - 1) + 1
            // A trial that fails is enough, whatever this process has counted.
            return trips > 0 || failures >= Self.failureLimit
                ? .open(trips: trips, failures: failures) : .none
        }
    }

    /// For how long it opens: nominal 5, 10, 20, 40, 60, 60, ... s for the first, second, ... time in a row, each drawn
    /// from 0.9 to 1.1 times that.
    ///
    /// - Parameters:
    ///   - trips: how often it had opened before, since it was last closed.
    ///   - draw: one uniform draw in `0 ..< 1`; what is outside is taken as the nearer edge.
    /// - Returns: the duration.
    public static func openDuration(trips: Int, draw: Double) -> Duration {
        // 5 s doubled four times is past 60 s already; the cap on the exponent keeps the product finite.
        let nominal = min(60, 5 * Double(1 << min(max(trips, 0), 4)))
        return .seconds(nominal * (0.9 + 0.2 * min(max(draw, 0), 1)))
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
