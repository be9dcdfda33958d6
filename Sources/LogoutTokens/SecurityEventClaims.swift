public import LogoutModel

/// The claims of one Security Event Token that tells of a revoked session.
///
/// The statement is made once: every claim is the same at each attempt, `jti` and `iat` among them, so that a receiver
/// knows a repetition for one (RFC 8935 §2). Never `exp`, which a statement about the past does not need (RFC 8417
/// §2.2), and never `sub` or `nonce`, which would let somebody take it for an ID Token. Times are whole seconds since
/// 1970 UTC.
///
/// Source: RFC 8417 §2.2; OpenID CAEP 1.0, "Session Revoked"; RFC 9493 for `sub_id`; OpenID Shared Signals Framework 1.0,
/// "Subject Members in SETs", for a complex subject.
public struct SecurityEventClaims: TokenClaims, Hashable {
    /// A Security Event Token.
    public static let type = TokenType.securityEvent

    /// Issuer: its URL, the same bytes as in its ID Tokens.
    public let iss: String
    /// Audience: always one string, never an array.
    public let aud: String
    /// When the logout was accepted: the statement was made then, and so was the revocation.
    public let iat: Int64
    /// The statement's own id.
    public let jti: String
    /// What happened: the same in all statements of one logout that a receiver gets, and in no others.
    /// Source: RFC 8417 §2.2; OpenID Shared Signals Framework 1.0, "The txn Claim", which asks for one.
    public let txn: String
    /// Subject: the user as the receiver knows it; `nil` where the revocation is of a session whose user is not told.
    public let sub: String?
    /// The session as the receiver knows it; `nil` means all sessions of the user.
    public let sid: String?
    /// Why it happened; `nil` where nothing is said of it.
    public let initiator: Initiator?

    /// Puts together the claims of one statement.
    ///
    /// - Parameters:
    ///   - iss: the issuer's URL.
    ///   - aud: the `client_id`, or what the receiver asked for.
    ///   - iat: when the logout was accepted, seconds since 1970.
    ///   - jti: an id that no other statement has.
    ///   - txn: an id that only statements of the same logout have.
    ///   - sub: the user; needed where there is no `sid`.
    ///   - sid: the session; needed where there is no `sub`.
    ///   - initiator: why it happened.
    /// - Throws: ``SigningError/emptyClaim(_:)``, ``SigningError/neitherSubNorSid``.
    public init(
        iss: String,
        aud: String,
        iat: Int64,
        jti: String,
        txn: String,
        sub: String?,
        sid: String?,
        initiator: Initiator?
    ) throws(SigningError) {
        try Self.check(iss: iss, aud: aud, jti: jti, sub: sub, sid: sid)
        guard !txn.isEmpty else { throw .emptyClaim("txn") }
        self.iss = iss
        self.aud = aud
        self.iat = iat
        self.jti = jti
        self.txn = txn
        self.sub = sub
        self.sid = sid
        self.initiator = initiator
    }

    /// The claims as JSON, written into a buffer whose memory is used again.
    public func json(reusing buffer: consuming [UInt8]) -> [UInt8] {
        var json = JSONObjectWriter(reusing: buffer)
        json.member("iss", iss)
        json.member("aud", aud)
        json.member("iat", iat)
        json.member("jti", jti)
        json.member("txn", txn)
        json.object("sub_id") { subject in
            switch (sub, sid) {
            case (let sub?, let sid?):
                subject.member("format", "complex")
                subject.object("user") { write(user: sub, to: &$0) }
                subject.object("session") { write(session: sid, to: &$0) }
            case (let sub?, nil): write(user: sub, to: &subject)
            case (nil, let sid?): write(session: sid, to: &subject)
            case (nil, nil): break
            }
        }
        json.object("events") { events in
            events.object(SharedSignals.sessionRevoked) { event in
                event.member("event_timestamp", iat)
                if let entity = initiator?.initiatingEntity { event.member("initiating_entity", entity) }
                // The CAEP Interoperability Profile asks for one that is not empty, whatever is known.
                event.object("reason_admin") {
                    $0.member("en", initiator?.reason ?? "The session was ended.")
                }
            }
        }
        return json.finish()
    }

    /// RFC 9493 §3.2.4: the user, by the issuer that this token is of.
    private func write(user sub: String, to json: inout JSONObjectWriter) {
        json.member("format", "iss_sub")
        json.member("iss", iss)
        json.member("sub", sub)
    }

    /// RFC 9493 §3.2.3: CAEP names a session so.
    private func write(session sid: String, to json: inout JSONObjectWriter) {
        json.member("format", "opaque")
        json.member("id", sid)
    }
}

extension Initiator {
    /// Who it was, in the words of CAEP; `nil` where what the OP said does not tell: a password is changed by its user or
    /// for it, and `idp-logout` is also what a logout is that said nothing.
    ///
    /// Source: OpenID CAEP 1.0, "Optional Event Claims".
    var initiatingEntity: String? {
        switch self {
        case .rpLogout: "user"
        case .sessionExpired: "policy"
        case .idpLogout, .passwordChanged, .sessionRevoked, .accountDeleted, .accountDeactivated,
            .emailIdentifierChanged, .mfaPhoneUnenrolled:
            nil
        }
    }

    /// Why, in a sentence for the receiver's administrators.
    var reason: String {
        switch self {
        case .rpLogout: "The user logged out at a relying party."
        case .idpLogout: "The session was ended at the identity provider."
        case .passwordChanged: "The user's password was changed."
        case .sessionExpired: "The session expired."
        case .sessionRevoked: "The session was revoked."
        case .accountDeleted: "The account was deleted."
        case .accountDeactivated: "The account was deactivated."
        case .emailIdentifierChanged: "The account's email identifier was changed."
        case .mfaPhoneUnenrolled: "The phone of a second factor was unenrolled."
        }
    }
}
