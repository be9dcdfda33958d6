/// What a redelivery in bulk is asked for.
public struct RedeliveryRequest: Sendable {
    /// How many deliveries go back into the queue in a second, unless told.
    public static let usualRatePerSecond = 1_000
    /// How many may be asked for.
    public static let ratePerSecondRange = 1...10_000

    /// Which deliveries.
    public let filter: RedeliveryFilter
    /// Only count them.
    public var isDryRun = false
    /// How long each gets from when it is put back, in seconds; `nil`: as the client or the issuer says.
    public var deliverWithinSeconds: Int?
    /// In ``ratePerSecondRange``.
    public var ratePerSecond = usualRatePerSecond
    /// Who asks: an API key's id, or the command line.
    public let actor: String

    /// A request with the usual rate.
    public init(_ filter: RedeliveryFilter, actor: String) {
        self.filter = filter
        self.actor = actor
    }
}

/// Which ended deliveries a redelivery in bulk concerns; all that is named must hold.
public struct RedeliveryFilter: Sendable, Hashable {
    /// The ends that can be sent again in bulk: an RP that accepted a logout is told again one by one, and by force.
    public static let redeliverable: [DeliveryStatus] = [.failed, .expired, .cancelled, .notCovered]

    /// For this client.
    public let clientID: String?
    /// In one of these.
    public let statuses: [DeliveryStatus]
    /// For one of these; empty means any.
    public let reasons: [EndReason]
    /// Of events accepted then or later.
    public let createdAfter: Timestamp?
    /// Of events accepted before then.
    public let createdBefore: Timestamp?

    /// A filter, or `nil` where nothing is named: nobody sends everything again by leaving something out.
    ///
    /// Where no status is named it is that of the reasons; without either, those that failed or expired: a cancelled
    /// delivery and one of a client without URI ended as somebody meant it to.
    public init?(
        clientID: String? = nil,
        statuses: [DeliveryStatus] = [],
        reasons: [EndReason] = [],
        createdAfter: Timestamp? = nil,
        createdBefore: Timestamp? = nil
    ) {
        guard
            clientID != nil || !statuses.isEmpty || !reasons.isEmpty || createdAfter != nil
                || createdBefore != nil
        else { return nil }
        let usual = reasons.isEmpty ? [DeliveryStatus.failed, .expired] : reasons.map(\.status)
        let wanted = statuses.isEmpty ? usual : statuses
        self.clientID = clientID
        self.statuses = Self.redeliverable.filter(wanted.contains)
        self.reasons = EndReason.allCases.filter(reasons.contains)
        self.createdAfter = createdAfter
        self.createdBefore = createdBefore
    }
}
