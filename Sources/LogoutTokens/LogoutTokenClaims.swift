/// The claims of one logout token.
///
/// The claims are these, `events` with the one logout event in it, and nothing else; above all never `nonce`,
/// which would let an RP take the token for an ID Token. Times are whole seconds since 1970 UTC.
///
/// Source: OpenID Connect Back-Channel Logout 1.0 §2.4.
public struct LogoutTokenClaims: Sendable, Hashable {
    /// The issuer's URL, the same bytes as in its ID Tokens.
    public let issuer: String

    /// The `client_id` of the RP; always one string, never an array.
    public let audience: String

    /// When the token was made.
    public let issuedAt: Int64

    /// When the RP stops taking it: 1 to 120 seconds after ``issuedAt``.
    public let expiresAt: Int64

    /// The token's own id, new for every attempt: RPs refuse one that they have seen.
    public let tokenID: String

    /// The user at that RP; `nil` where the logout is of a session whose user is not told.
    public let subject: String?

    /// The session at that RP; `nil` means all sessions of the user.
    public let sessionID: String?

    /// Puts together the claims of one attempt.
    ///
    /// - Parameters:
    ///   - issuer: `iss`.
    ///   - audience: `aud`.
    ///   - issuedAt: `iat`, seconds since 1970.
    ///   - expiresAt: `exp`, at most 120 seconds later.
    ///   - tokenID: `jti`.
    ///   - subject: `sub`; needed where there is no `sessionID`.
    ///   - sessionID: `sid`; needed where there is no `subject`.
    /// - Throws: ``SigningError``, for what §2.4 forbids.
    public init(
        issuer: String,
        audience: String,
        issuedAt: Int64,
        expiresAt: Int64,
        tokenID: String,
        subject: String?,
        sessionID: String?
    ) throws(SigningError) {
        guard !issuer.isEmpty else { throw .emptyClaim("iss") }
        guard !audience.isEmpty else { throw .emptyClaim("aud") }
        guard !tokenID.isEmpty else { throw .emptyClaim("jti") }
        guard subject != "" else { throw .emptyClaim("sub") }
        guard sessionID != "" else { throw .emptyClaim("sid") }
        guard subject != nil || sessionID != nil else { throw .neitherSubjectNorSession }
        let (lifetime, overflow) = expiresAt.subtractingReportingOverflow(issuedAt)
        guard !overflow, (1...120).contains(lifetime) else { throw .lifetimeOutOfRange(seconds: lifetime) }
        self.issuer = issuer
        self.audience = audience
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.tokenID = tokenID
        self.subject = subject
        self.sessionID = sessionID
    }

    /// The claims as JSON, written into a buffer whose memory is used again.
    func json(reusing buffer: consuming [UInt8]) -> [UInt8] {
        var json = JSONObjectWriter(reusing: buffer)
        json.member("iss", issuer)
        json.member("aud", audience)
        json.member("iat", issuedAt)
        json.member("exp", expiresAt)
        json.member("jti", tokenID)
        if let subject { json.member("sub", subject) }
        if let sessionID { json.member("sid", sessionID) }
        json.member("events", json: #"{"http://schemas.openid.net/event/backchannel-logout":{}}"#)
        return json.finish()
    }
}
