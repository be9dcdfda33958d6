public import FoundationEssentials

/// What became of a claimed delivery, ready to be recorded under its lease.
public struct SettledDelivery: Sendable {
    /// The right under which it is written.
    public let lease: Lease
    /// The number of the attempt that the claim counted.
    public let attempt: Int
    /// What the attempt makes of the delivery.
    public let settlement: Settlement
    /// What happened on the wire; `nil` where nothing was sent, and the attempt is given back.
    public let report: AttemptReport?

    /// A delivery to settle.
    public init(lease: Lease, attempt: Int, settlement: Settlement, report: AttemptReport?) {
        self.lease = lease
        self.attempt = attempt
        self.settlement = settlement
        self.report = report
    }
}

/// One POST, as the worker saw it.
public struct AttemptReport: Sendable {
    /// What it met.
    public var outcome: AttemptOutcome
    /// When it began, on the worker's monotonic clock.
    public var startedAt: ContinuousClock.Instant
    /// When it was over.
    public var finishedAt: ContinuousClock.Instant
    /// The status of the RP's answer.
    public var httpStatus: Int?
    /// The `error` of the RP's answer, bounded.
    public var error: String?
    /// The `error_description` of the RP's answer, bounded.
    public var errorDescription: String?
    /// The address that was called.
    public var remoteAddress: String?
    /// The `jti` of the token that was sent.
    public var jti: UUID?
    /// The key that signed it.
    public var kid: String?

    /// A report with only the outcome and its times; the rest is set where known.
    public init(
        outcome: AttemptOutcome,
        startedAt: ContinuousClock.Instant,
        finishedAt: ContinuousClock.Instant
    ) {
        self.outcome = outcome
        self.startedAt = startedAt
        self.finishedAt = finishedAt
    }
}
