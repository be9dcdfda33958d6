/// The explicit type of a token, against one kind being taken for another: `typ` in its header.
///
/// Source: RFC 8725 §3.11.
public enum TokenType: String, Sendable, Hashable, CaseIterable {
    /// A logout token. Source: OpenID Connect Back-Channel Logout 1.0 §2.4.
    case logout = "logout+jwt"
    /// A Security Event Token. Source: RFC 8417 §2.3.
    case securityEvent = "secevent+jwt"
}

/// What a token says.
public protocol TokenClaims: Sendable {
    /// Which kind of token it is.
    static var type: TokenType { get }

    /// The claims as JSON, written into a buffer whose memory is used again.
    func json(reusing buffer: consuming [UInt8]) -> [UInt8]
}

extension TokenClaims {
    /// What every kind of token needs.
    ///
    /// - Throws: ``SigningError/emptyClaim(_:)``, ``SigningError/neitherSubNorSid``.
    static func check(iss: String, aud: String, jti: String, sub: String?, sid: String?) throws(SigningError)
    {
        guard !iss.isEmpty else { throw .emptyClaim("iss") }
        guard !aud.isEmpty else { throw .emptyClaim("aud") }
        guard !jti.isEmpty else { throw .emptyClaim("jti") }
        guard sub != "" else { throw .emptyClaim("sub") }
        guard sid != "" else { throw .emptyClaim("sid") }
        guard sub != nil || sid != nil else { throw .neitherSubNorSid }
    }
}
