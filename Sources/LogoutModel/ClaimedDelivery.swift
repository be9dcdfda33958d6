/// A delivery that a worker holds: what it needs to sign and to send.
public struct ClaimedDelivery: Sendable {
    /// The right to it.
    public let lease: Lease
    /// The client, by its row and lane.
    public let clientKey: Int32
    /// The version of the client's row when it was claimed.
    public let clientVersion: Int64
    /// The version of the issuer's row when it was claimed.
    public let issuerVersion: Int64
    /// How often the client's breaker had opened when it was claimed; above 0 this attempt is a trial.
    public let breakerTrips: Int
    /// The attempt that this claim is, counted from 1 and counted already.
    public let attempt: Int
    /// How many attempts before it count against nobody.
    public let excused: Int
    /// Whether an earlier attempt's worker was lost.
    public let hadUnknownOutcome: Bool
    /// What was left to the delivery's deadline when it was claimed.
    public let timeLeft: Duration
    /// The subject as the RP knows it.
    public let sub: String?
    /// The session as the RP knows it.
    public let sid: String?

    /// A delivery as the claim returned it.
    public init(
        lease: Lease,
        clientKey: Int32,
        clientVersion: Int64,
        issuerVersion: Int64,
        breakerTrips: Int = 0,
        attempt: Int,
        excused: Int,
        hadUnknownOutcome: Bool,
        timeLeft: Duration,
        sub: String?,
        sid: String?
    ) {
        self.lease = lease
        self.clientKey = clientKey
        self.clientVersion = clientVersion
        self.issuerVersion = issuerVersion
        self.breakerTrips = breakerTrips
        self.attempt = attempt
        self.excused = excused
        self.hadUnknownOutcome = hadUnknownOutcome
        self.timeLeft = timeLeft
        self.sub = sub
        self.sid = sid
    }
}

/// A worker's right to a delivery. Its number fences every later write: it is never given twice.
public struct Lease: Sendable, Hashable {
    /// The issuer's row.
    public let issuerKey: Int32
    /// The delivery.
    public let delivery: DeliveryID
    /// The fence.
    public let number: Int32
    /// How long it lasts from the claim, on the database clock.
    public let length: Duration

    /// A lease as the claim returned it.
    public init(issuerKey: Int32, delivery: DeliveryID, number: Int32, length: Duration) {
        self.issuerKey = issuerKey
        self.delivery = delivery
        self.number = number
        self.length = length
    }
}
