/// The claims of one logout token.
///
/// The claims are these, `events` with the one logout event in it, and nothing else; above all never `nonce`,
/// which would let an RP take the token for an ID Token. Times are whole seconds since 1970 UTC.
///
/// Source: OpenID Connect Back-Channel Logout 1.0 §2.4.
public struct LogoutTokenClaims: TokenClaims, Hashable {
    /// A logout token.
    public static let type = TokenType.logout

    /// Issuer: its URL, the same bytes as in its ID Tokens.
    public let iss: String

    /// Audience: the `client_id` of the RP; always one string, never an array.
    public let aud: String

    /// Issued at: when the token was made.
    public let iat: Int64

    /// Expiry: when the RP stops taking it: 1 to 120 seconds after ``iat``.
    public let exp: Int64

    /// The token's own id, new for every attempt: RPs refuse one that they have seen.
    public let jti: String

    /// Subject: the user at that RP; `nil` where the logout is of a session whose user is not told.
    public let sub: String?

    /// The session at that RP; `nil` means all sessions of the user.
    public let sid: String?

    /// Puts together the claims of one attempt.
    ///
    /// - Parameters:
    ///   - iss: the issuer's URL.
    ///   - aud: the `client_id`.
    ///   - iat: the time, seconds since 1970.
    ///   - exp: 1 to 120 seconds later.
    ///   - jti: an id that no token had before.
    ///   - sub: the user; needed where there is no `sid`.
    ///   - sid: the session; needed where there is no `sub`.
    /// - Throws: ``SigningError``, for what §2.4 forbids.
    public init(
        iss: String,
        aud: String,
        iat: Int64,
        exp: Int64,
        jti: String,
        sub: String?,
        sid: String?
    ) throws(SigningError) {
        try Self.check(iss: iss, aud: aud, jti: jti, sub: sub, sid: sid)
        let (lifetime, overflow) = exp.subtractingReportingOverflow(iat)
        guard !overflow, (1...120).contains(lifetime) else { throw .lifetimeOutOfRange(seconds: lifetime) }
        self.iss = iss
        self.aud = aud
        self.iat = iat
        self.exp = exp
        self.jti = jti
        self.sub = sub
        self.sid = sid
    }

    /// The claims as JSON, written into a buffer whose memory is used again.
    public func json(reusing buffer: consuming [UInt8]) -> [UInt8] {
        var json = JSONObjectWriter(reusing: buffer)
        json.member("iss", iss)
        json.member("aud", aud)
        json.member("iat", iat)
        json.member("exp", exp)
        json.member("jti", jti)
        if let sub { json.member("sub", sub) }
        if let sid { json.member("sid", sid) }
        json.member("events", json: #"{"http://schemas.openid.net/event/backchannel-logout":{}}"#)
        return json.finish()
    }
}
