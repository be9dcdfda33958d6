/// One logout that the OP reports, checked and ready to be accepted.
public struct LogoutEventRequest: Sendable, Hashable {
    /// The issuer's row.
    public var issuerKey: Int32
    /// Whom it concerns.
    public var scope: LogoutScope
    /// Why the session ended.
    public var initiator: Initiator
    /// The RP where it began, if one did.
    public var initiatingClientID: String?
    /// Whether that RP is left out.
    public var excludesInitiatingClient: Bool
    /// The posture of the store that resolved the RPs; the issuer's unless given.
    public var sessionDurability: SessionDurability?
    /// When deliveries end undelivered.
    public var deadline: Deadline?
    /// Whether this is a bulk logout that waits behind interactive ones.
    public var priority: Priority
    /// The trace that the OP's request belongs to, and where in it the intake stands (W3C Trace Context).
    public var trace: TraceContext?
    /// Who asked: an API key's id, `system` or `sql`.
    public var actor: String
    /// What makes a blind retry safe: SHA-256 of the `Idempotency-Key`, 32 bytes.
    public var idempotencyKeyHash: [UInt8]?

    /// A deadline as the OP gave it.
    public enum Deadline: Sendable, Hashable {
        /// Seconds from the acceptance, 1 to 2,592,000.
        case within(seconds: Double)
        /// An instant.
        case before(Timestamp)
    }

    /// A request with the values that hold unless the OP says otherwise.
    public init(issuerKey: Int32, scope: LogoutScope, actor: String) {
        self.issuerKey = issuerKey
        self.scope = scope
        self.actor = actor
        initiator = .idpLogout
        excludesInitiatingClient = false
        priority = .interactive
    }
}

/// Why a session ended.
public enum Initiator: String, Sendable, Hashable, CaseIterable {
    /// The user logged out at an RP.
    case rpLogout = "rp-logout"
    /// The user logged out at the OP.
    case idpLogout = "idp-logout"
    /// The user's password changed.
    case passwordChanged = "password-changed"
    /// The session's time passed.
    case sessionExpired = "session-expired"
    /// Somebody revoked the session.
    case sessionRevoked = "session-revoked"
    /// The account was deleted.
    case accountDeleted = "account-deleted"
    /// The account was deactivated.
    case accountDeactivated = "account-deactivated"
    /// The account's email identifier changed.
    case emailIdentifierChanged = "email-identifier-changed"
    /// The phone of a second factor was unenrolled.
    case mfaPhoneUnenrolled = "mfa-phone-unenrolled"
}

/// How urgent an event is.
public enum Priority: String, Sendable, Hashable, CaseIterable {
    /// Somebody waits.
    case interactive
    /// Many at once; interactive ones go first.
    case bulk
}
