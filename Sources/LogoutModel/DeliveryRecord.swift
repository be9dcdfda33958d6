public import FoundationEssentials

/// A delivery as it can be queried.
public struct DeliveryRecord: Sendable {
    /// Its id.
    public let id: DeliveryID
    /// The RP.
    public let clientID: String
    /// The subject as the RP knows it.
    public let sub: String?
    /// The session as the RP knows it.
    public let sid: String?
    /// Where it stands, in the words of the API.
    public let status: String
    /// Why it ended, or what the last attempt met.
    public let reason: String?
    /// The flags of its end, in the words of the API.
    public let flags: [String]
    /// How many attempts were made.
    public let attemptCount: Int
    /// When it is tried next.
    public let nextAttemptAt: Timestamp?
    /// When it ends undelivered.
    public let deliverBefore: Timestamp
    /// When it ended.
    public let endedAt: Timestamp?

    /// A delivery as the outbox holds it.
    public init(
        id: DeliveryID,
        clientID: String,
        sub: String?,
        sid: String?,
        status: String,
        reason: String?,
        flags: [String],
        attemptCount: Int,
        nextAttemptAt: Timestamp?,
        deliverBefore: Timestamp,
        endedAt: Timestamp?
    ) {
        self.id = id
        self.clientID = clientID
        self.sub = sub
        self.sid = sid
        self.status = status
        self.reason = reason
        self.flags = flags
        self.attemptCount = attemptCount
        self.nextAttemptAt = nextAttemptAt
        self.deliverBefore = deliverBefore
        self.endedAt = endedAt
    }
}

/// One attempt of a delivery as it can be queried.
public struct AttemptRecord: Sendable {
    /// Counted from 1.
    public let number: Int
    /// When it began, on the database clock.
    public let startedAt: Timestamp
    /// When it was over.
    public let finishedAt: Timestamp
    /// What it met, in the words of the API.
    public let outcome: String
    /// The status of the answer.
    public let httpStatus: Int?
    /// The status that a worker heard after it had lost its lease.
    public let lateHTTPStatus: Int?
    /// The RP's `error`.
    public let error: String?
    /// The RP's `error_description`.
    public let errorDescription: String?
    /// The address that was called.
    public let remoteAddress: String?
    /// From beginning to end, in milliseconds; unknown where the worker was lost.
    public let latencyMilliseconds: Int?
    /// The token's `jti`.
    public let jti: UUID?
    /// The key that signed it.
    public let kid: String?
    /// The process that sent it.
    public let worker: String?

    /// An attempt as the outbox holds it.
    public init(
        number: Int,
        startedAt: Timestamp,
        finishedAt: Timestamp,
        outcome: String,
        httpStatus: Int?,
        lateHTTPStatus: Int?,
        error: String?,
        errorDescription: String?,
        remoteAddress: String?,
        latencyMilliseconds: Int?,
        jti: UUID?,
        kid: String?,
        worker: String?
    ) {
        self.number = number
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.outcome = outcome
        self.httpStatus = httpStatus
        self.lateHTTPStatus = lateHTTPStatus
        self.error = error
        self.errorDescription = errorDescription
        self.remoteAddress = remoteAddress
        self.latencyMilliseconds = latencyMilliseconds
        self.jti = jti
        self.kid = kid
        self.worker = worker
    }
}
