/// One OP that Lastcall signs for.
public struct Issuer: Sendable, Hashable {
    /// The row's key: what every other row of the issuer starts with. Never shown.
    public let key: Int32
    /// The short name used in paths, `[a-z0-9][a-z0-9-]{0,39}`.
    public let name: String
    /// What callers set.
    public let settings: Settings
    /// When it was created.
    public let createdAt: Timestamp
    /// When it was last replaced.
    public let updatedAt: Timestamp

    /// What a `PUT` of an issuer replaces.
    public struct Settings: Sendable, Hashable {
        /// The OP's issuer identifier, the `iss` of every token.
        public let issuer: String
        /// Whether the OP's session store can lose sessions.
        public let sessionDurability: SessionDurability
        /// What becomes of a participation whose time has passed.
        public let sessionExpiry: SessionExpiry
        /// The members of the delivery policy that the issuer sets, as a JSON object.
        public let delivery: String
        /// The operator's rules on where its requests may go, as a JSON object.
        public let egress: String
        /// How long ended events are kept, in days.
        public let retentionDays: Int
        /// Where the end of an event is told, kept byte for byte; its secret is never part of this.
        public let completionWebhookURL: String?

        /// An issuer's settings as a caller gave them, already checked.
        public init(
            issuer: String,
            sessionDurability: SessionDurability,
            sessionExpiry: SessionExpiry,
            delivery: String,
            egress: String = "{}",
            retentionDays: Int,
            completionWebhookURL: String? = nil
        ) {
            self.issuer = issuer
            self.sessionDurability = sessionDurability
            self.sessionExpiry = sessionExpiry
            self.delivery = delivery
            self.egress = egress
            self.retentionDays = retentionDays
            self.completionWebhookURL = completionWebhookURL
        }
    }

    /// An issuer as the outbox holds it.
    public init(key: Int32, name: String, settings: Settings, createdAt: Timestamp, updatedAt: Timestamp) {
        self.key = key
        self.name = name
        self.settings = settings
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

/// The posture: whether the store that resolved the RPs can lose sessions.
public enum SessionDurability: String, Sendable, Hashable, CaseIterable {
    /// Sessions may be lost; finding none is unremarkable.
    case volatile
    /// Sessions are kept; finding none is worth a warning.
    case durable
}

/// What becomes of a participation past its `expires_at`.
public enum SessionExpiry: String, Sendable, Hashable, CaseIterable {
    /// It is removed quietly.
    case ignore
    /// It becomes a logout.
    case logout
}
