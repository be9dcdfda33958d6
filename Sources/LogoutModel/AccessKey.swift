public import FoundationEssentials

/// An API key as it can be shown: everything but the secret.
public struct AccessKey: Sendable {
    /// What a key's own limit may be, in calls a second.
    public static let callsPerSecondRange = 1...1_000_000

    /// Its id.
    public let id: UUID
    /// What its maker called it.
    public let name: String
    /// The issuer it belongs to; `nil` for an operator's key.
    public let issuerName: String?
    /// What it may do.
    public let scopes: [AccessScope]
    /// How many calls a second it may make of one process; `nil`: as many as the settings say.
    public let callsPerSecond: Int?
    /// When it was made.
    public let createdAt: Timestamp
    /// When it stops working.
    public let expiresAt: Timestamp?
    /// When it was last used, to the minute; `nil`: never.
    public let lastUsedAt: Timestamp?

    /// A key as the outbox holds it.
    public init(
        id: UUID,
        name: String,
        issuerName: String?,
        scopes: [AccessScope],
        callsPerSecond: Int?,
        createdAt: Timestamp,
        expiresAt: Timestamp?,
        lastUsedAt: Timestamp?
    ) {
        self.id = id
        self.name = name
        self.issuerName = issuerName
        self.scopes = scopes
        self.callsPerSecond = callsPerSecond
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.lastUsedAt = lastUsedAt
    }
}

/// What an API key may do.
public enum AccessScope: String, Sendable, Hashable, CaseIterable {
    /// Report logouts and follow them.
    case logout
    /// Record and end participations.
    case sessions
    /// Register clients.
    case clients
    /// Read everything of the issuer.
    case read
    /// Hold, release, probe, cancel, redeliver.
    case operate
    /// Manage signing keys and API keys.
    case admin
}
