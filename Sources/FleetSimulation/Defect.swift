/// A deliberate defect of the simulated fleet, to show that the properties would see it.
public enum Defect: String, Sendable, CaseIterable {
    /// A settlement is recorded whatever its lease number says.
    case noFence = "no-fence-in-settle"
    /// A late settlement replaces an end.
    case endOverwritten = "end-overwritten"
    /// A lease ends by the wall clock of the worker that took it.
    case leaseOnWorkerClock = "lease-on-the-workers-clock"
    /// An expired lease is never reclaimed.
    case leaseNeverReclaimed = "expired-lease-never-reclaimed"
    /// An attempt is counted when it is settled, and not when it is claimed.
    case attemptCountedAfter = "attempt-counted-after"
    /// A delivery is recorded as delivered when it is sent.
    case deliveredBeforeSent = "delivered-before-sent"
    /// Whether an attempt still fits into the lease is not asked before it is sent.
    case leaseNotChecked = "lease-not-checked-before-sending"
    /// A retry carries the token of the first attempt.
    case oldTokenAgain = "retry-with-the-old-jti"
    /// An open breaker lets claims through.
    case breakerBurnsAttempts = "breaker-that-burns-attempts"
    /// A client's `max_in_flight` is not asked.
    case capIgnored = "max-in-flight-ignored"
    /// A client on hold is claimed from.
    case holdIgnored = "hold-ignored"
    /// What is marked as cancelled is claimed.
    case cancelledIsClaimed = "cancelled-is-claimed"
    /// An idempotency key is not looked up.
    case idempotencyKeyIgnored = "idempotency-key-ignored"
    /// An intake call is answered before its commit.
    case answeredBeforeCommit = "2xx-before-commit"
    /// A commit whose outcome is not known is taken as success.
    case unknownTakenAsSuccess = "unknown-commit-taken-as-success"
    /// What a refused call asked for is queued all the same.
    case refusedIsQueued = "refused-is-queued"
    /// Audit entries are written beside the transaction, and some get lost.
    case auditBesideTransaction = "audit-beside-the-transaction"
    /// A refusal of the RP is taken as something to try again.
    case refusalRetried = "refusal-tried-again"
    /// Outcomes that meet an error of the database are dropped, and their places with them.
    case outcomesDropped = "slots-lost-with-an-error"
}
