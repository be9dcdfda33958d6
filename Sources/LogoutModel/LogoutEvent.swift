/// A logout event and what has become of it.
public struct LogoutEvent: Sendable {
    /// Its id.
    public let id: LogoutEventID
    /// What was to end, as a JSON object.
    public let scope: String
    /// Why.
    public let initiator: Initiator
    /// The RP where it began.
    public let initiatingClientID: String?
    /// The posture of the store that resolved the RPs.
    public let sessionDurability: SessionDurability
    /// How urgent it is.
    public let priority: Priority
    /// What it has come to.
    public let status: LogoutEventStatus
    /// The trace it belongs to.
    public let traceID: String?
    /// When its deliveries end undelivered, where neither client nor request said otherwise.
    public let deliverBefore: Timestamp
    /// When its last delivery ended.
    public let endedAt: Timestamp?
    /// How many RP sessions its scope matched.
    public let matched: Int
    /// How many deliveries stand in each status; those with none are left out.
    public let deliveryCounts: [(status: String, count: Int)]
    /// What became of the completion webhook of its latest end; `nil` where there was none.
    public var completionWebhook: WebhookState?

    /// Where a completion webhook stands.
    public struct WebhookState: Sendable, Hashable {
        /// In the words of a delivery's status.
        public let status: String
        /// How many attempts were made.
        public let attempts: Int

        /// A webhook as the outbox holds it.
        public init(status: String, attempts: Int) {
            self.status = status
            self.attempts = attempts
        }
    }

    /// An event as the outbox holds it.
    public init(
        id: LogoutEventID,
        scope: String,
        initiator: Initiator,
        sessionDurability: SessionDurability,
        priority: Priority,
        status: LogoutEventStatus,
        initiatingClientID: String?,
        traceID: String?,
        deliverBefore: Timestamp,
        endedAt: Timestamp?,
        matched: Int,
        deliveryCounts: [(status: String, count: Int)]
    ) {
        self.id = id
        self.scope = scope
        self.initiator = initiator
        self.initiatingClientID = initiatingClientID
        self.sessionDurability = sessionDurability
        self.priority = priority
        self.status = status
        self.traceID = traceID
        self.deliverBefore = deliverBefore
        self.endedAt = endedAt
        self.matched = matched
        self.deliveryCounts = deliveryCounts
    }
}

/// What an event has come to.
public enum LogoutEventStatus: String, Sendable, Hashable, CaseIterable {
    /// A delivery is still open.
    case inProgress = "in_progress"
    /// Every covered RP was told.
    case completed
    /// Some were, some not.
    case partial
    /// None was.
    case failed
    /// Nothing matched, or no RP that did is covered.
    case noTargets = "no_targets"
    /// Every delivery was cancelled.
    case cancelled
}
