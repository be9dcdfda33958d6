public import FoundationEssentials
public import LogoutModel

/// An audit event as it can be queried.
public struct AuditRecord: Sendable {
    /// Its id, in the order of time.
    public let id: UUID
    /// What happened, in the words of the API.
    public let type: String
    /// How grave it is: `info`, `notice`, `warning`, `error`.
    public let severity: String
    /// The event it belongs to.
    public let eventID: LogoutEventID?
    /// The delivery it is about.
    public let deliveryID: DeliveryID?
    /// The posture of the store that resolved the RPs.
    public let sessionDurability: String?
    /// The client it is about.
    public let clientID: String?
    /// Who did it.
    public let actor: String
    /// The facts, a JSON object.
    public let data: String?

    /// The id of the delivery or else of the event that it is about, as it is stored.
    public var subject: UUID? { deliveryID?.uuid ?? eventID?.uuid }

    /// When it was written, to the millisecond.
    public var createdAt: Timestamp { id.timeOfVersion7 }

    /// An audit event as the outbox holds it; `subject` is the id of an event or of a delivery.
    public init(
        id: UUID,
        type: String,
        severity: String,
        subject: UUID?,
        sessionDurability: String?,
        clientID: String?,
        actor: String,
        data: String?
    ) {
        self.id = id
        self.type = type
        self.severity = severity
        eventID = subject.map(LogoutEventID.of)
        deliveryID = subject.flatMap(DeliveryID.init)
        self.sessionDurability = sessionDurability
        self.clientID = clientID
        self.actor = actor
        self.data = data
    }
}
