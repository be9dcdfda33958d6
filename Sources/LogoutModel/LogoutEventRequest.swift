/// One logout that the OP reports, checked and ready to be accepted.
public struct LogoutEventRequest: Sendable, Hashable {
    /// The issuer's row.
    public var issuerKey: Int32
    /// The RPs that the OP resolved itself, without duplicates, at most 10,000; may be empty.
    public var targets: [LogoutTarget]
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
    /// The trace that the OP's request belongs to (W3C Trace Context), 32 hexadecimal digits.
    public var traceID: String?
    /// Who asked: an API key's id, `system` or `sql`.
    public var actor: String
    /// What makes a blind retry safe.
    public var idempotency: Idempotency?

    /// A deadline as the OP gave it.
    public enum Deadline: Sendable, Hashable {
        /// Seconds from the acceptance, 1 to 2,592,000.
        case within(seconds: Double)
        /// An instant.
        case before(Timestamp)
    }

    /// An `Idempotency-Key` and the meaning of the body it came with, both as SHA-256.
    public struct Idempotency: Sendable, Hashable {
        /// SHA-256 of the key, 32 bytes.
        public let keyHash: [UInt8]
        /// SHA-256 of the body's canonical meaning, 32 bytes.
        public let bodyHash: [UInt8]

        /// Both hashes, 32 bytes each.
        public init(keyHash: [UInt8], bodyHash: [UInt8]) {
            self.keyHash = keyHash
            self.bodyHash = bodyHash
        }
    }

    /// A request with the values that hold unless the OP says otherwise.
    public init(issuerKey: Int32, targets: [LogoutTarget], actor: String) {
        self.issuerKey = issuerKey
        self.targets = targets
        self.actor = actor
        initiator = .idpLogout
        excludesInitiatingClient = false
        priority = .interactive
    }
}

/// One RP session that must end.
public struct LogoutTarget: Sendable, Hashable {
    /// The RP's `client_id`, registered or not.
    public let clientID: String
    /// The subject as that RP knows it.
    public let sub: String?
    /// The session as that RP knows it.
    public let sid: String?

    /// A target; at least one of `sub` and `sid` is given.
    public init(clientID: String, sub: String?, sid: String?) {
        self.clientID = clientID
        self.sub = sub
        self.sid = sid
    }

    /// Compares bytes: two spellings of one character are two subjects.
    public static func == (left: LogoutTarget, right: LogoutTarget) -> Bool {
        func same(_ left: String?, _ right: String?) -> Bool {
            switch (left, right) {
            case (nil, nil): true
            case (let left?, let right?): left.utf8.elementsEqual(right.utf8)
            default: false
            }
        }
        return same(left.clientID, right.clientID) && same(left.sub, right.sub) && same(left.sid, right.sid)
    }

    /// Hashes bytes, as `==` compares them.
    public func hash(into hasher: inout Hasher) {
        for part in [clientID, sub, sid] {
            hasher.combine(part == nil)
            for byte in (part ?? "").utf8 { hasher.combine(byte) }
        }
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
