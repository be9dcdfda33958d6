public import FoundationEssentials

/// A redelivery in bulk: ended deliveries that match a filter go back into the queue, step by step.
public struct Redelivery: Sendable {
    /// Its id.
    public let id: UUID
    /// Where it stands.
    public let status: RedeliveryStatus
    /// Which deliveries it concerns, a JSON object.
    public let filter: String
    /// Whether it only counts.
    public let isDryRun: Bool
    /// How long each delivery gets from when it is put back, in seconds; `nil`: as the client or the issuer says.
    public let deliverWithinSeconds: Int?
    /// How many deliveries go back into the queue in a second, at most.
    public let ratePerSecond: Int
    /// How many matched when it began.
    public let matched: Int64
    /// How many it has put back.
    public let done: Int64
    /// Who asked for it.
    public let actor: String
    /// When it began.
    public let createdAt: Timestamp
    /// When it was done or cancelled.
    public let endedAt: Timestamp?

    /// A redelivery as the outbox holds it.
    public init(
        id: UUID,
        status: RedeliveryStatus,
        filter: String,
        isDryRun: Bool,
        deliverWithinSeconds: Int?,
        ratePerSecond: Int,
        matched: Int64,
        done: Int64,
        actor: String,
        createdAt: Timestamp,
        endedAt: Timestamp?
    ) {
        self.id = id
        self.status = status
        self.filter = filter
        self.isDryRun = isDryRun
        self.deliverWithinSeconds = deliverWithinSeconds
        self.ratePerSecond = ratePerSecond
        self.matched = matched
        self.done = done
        self.actor = actor
        self.createdAt = createdAt
        self.endedAt = endedAt
    }
}

/// Where a redelivery in bulk stands.
public enum RedeliveryStatus: String, Sendable, Hashable, CaseIterable {
    /// It has steps to go.
    case running
    /// Everything that matched has been put back, or counted.
    case done
    /// An operator stopped it; what it had put back stays there.
    case cancelled
}
