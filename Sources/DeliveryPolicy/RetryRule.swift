public import LogoutModel

/// What follows an attempt: an end, or another attempt after a wait.
///
/// A total function of its arguments: it reads no clock and draws no random number, so that a settlement
/// can be replayed from the audit trail.
///
/// Worked waits with the standard settings: nominal 1, 5, 15, 60, 300, 900, 3600, 3600, ... seconds after
/// attempt 1, 2, 3, ...; each is drawn from half to one and a half times that, so 2.5 to 7.5 s after the
/// second attempt.
/// Source: RFC 9110 §10.2.3 for `Retry-After`; the waits are Lastcall's own choice.
public struct RetryRule: Sendable, Hashable {
    /// One attempt that is over, and what stands around it.
    public struct Attempt: Sendable, Hashable {
        /// Its number, counted from 1.
        public let number: Int
        /// How many earlier attempts do not count: those that met a `local_error`, were released unsent, or
        /// were made before the delivery was sent again by an operator.
        public let excused: Int
        /// What it met.
        public let outcome: AttemptOutcome
        /// The flags of the answer's meaning.
        public let flags: DeliveryFlags
        /// The RP's `Retry-After`, already turned into a wait; `nil` if it sent none.
        public let retryAfter: Duration?
        /// How long it is to the delivery's deadline; zero or less once that has passed.
        public let remaining: Duration
        /// Whether an earlier attempt's outcome is `unknown`.
        public let followsUnknown: Bool

        /// An attempt of these parts.
        public init(
            number: Int,
            excused: Int = 0,
            outcome: AttemptOutcome,
            flags: DeliveryFlags = [],
            retryAfter: Duration? = nil,
            remaining: Duration,
            followsUnknown: Bool = false
        ) {
            self.number = number
            self.excused = excused
            self.outcome = outcome
            self.flags = flags
            self.retryAfter = retryAfter
            self.remaining = remaining
            self.followsUnknown = followsUnknown
        }
    }

    /// How deliveries to this client are made.
    public let settings: DeliverySettings

    /// A rule with these settings.
    public init(settings: DeliverySettings) {
        self.settings = settings
    }

    /// Decides what follows an attempt.
    ///
    /// In this order: what the RP accepted is delivered, whatever happened meanwhile; a passed deadline ends the
    /// delivery (a cancel and a deletion do too, but only the outbox knows of those); a refusal ends it; so does the last attempt that counts; all
    /// else waits. A wait is never longer than what is left to the deadline: the delivery is then due at
    /// its deadline, and whoever claims it ends it unsent.
    ///
    /// - Parameters:
    ///   - attempt: the attempt.
    ///   - draw: one uniform draw in `0 ..< 1`; what is outside is taken as the nearer edge.
    /// - Returns: the settlement.
    public func settle(_ attempt: Attempt, draw: Double) -> Settlement {
        if attempt.outcome == .delivered { return .delivered(attempt.flags) }
        guard attempt.remaining > .zero else { return .ended(.deadlinePassed, []) }
        if let end = refusal(of: attempt) { return end }
        // Excused, and so neither the last attempt that counts nor a step in the schedule.
        if attempt.outcome == .localError { return wait(.seconds(1), attempt) }
        let counted = max(1, max(1, attempt.number) - max(0, attempt.excused))
        if let maxAttempts = settings.maxAttempts, counted >= maxAttempts {
            return .ended(.attemptsExhausted, attempt.flags)
        }
        // The lost worker's lease has run out already: that was the wait.
        if attempt.outcome == .unknown { return wait(.zero, attempt) }
        // Jitter first, Retry-After last: a retry earlier than the RP asked for is a broken promise.
        let asked = min(attempt.retryAfter ?? .zero, .seconds(settings.retryAfterCapSeconds))
        return wait(max(drawnWait(afterCounted: counted, draw: draw), asked), attempt)
    }

    /// The end that an RP's refusal, or a refusal to call it, makes.
    private func refusal(of attempt: Attempt) -> Settlement? {
        switch attempt.outcome {
        case .rejected:
            .ended(.rejected, attempt.flags.union(attempt.followsUnknown ? .rejectedAfterUnknown : []))
        case .redirectRefused: .ended(.redirectRefused, attempt.flags)
        case .blockedAddress: .ended(.blockedAddress, attempt.flags)
        case .delivered, .timeout, .unreachable, .dnsFailure, .tlsFailure, .serverError, .rateLimited,
            .protocolError, .signingFailed, .localError, .unknown:
            nil
        }
    }

    /// The nominal wait after so many attempts that count, drawn from half to one and a half times itself.
    private func drawnWait(afterCounted counted: Int, draw: Double) -> Duration {
        let waits = settings.retryWaitsSeconds
        guard let last = waits.last else { return .seconds(3600) }
        let nominal = counted <= waits.count ? waits[counted - 1] : last
        return .seconds(nominal * (0.5 + min(max(draw, 0), 1)))
    }

    private func wait(_ duration: Duration, _ attempt: Attempt) -> Settlement {
        .retry(after: min(duration, attempt.remaining), isExcused: attempt.outcome == .localError)
    }
}
