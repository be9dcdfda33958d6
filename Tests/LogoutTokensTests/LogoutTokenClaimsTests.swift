import LogoutTokens
import Testing

@Suite("Logout token claims")
struct LogoutTokenClaimsTests {
    static func claims(
        iss: String = "https://op.example.com",
        aud: String = "rp1",
        iat: Int64 = 1_700_000_000,
        exp: Int64 = 1_700_000_120,
        jti: String = "j1",
        sub: String? = "u1",
        sid: String? = "s1"
    ) throws(SigningError) -> LogoutTokenClaims {
        try LogoutTokenClaims(
            iss: iss,
            aud: aud,
            iat: iat,
            exp: exp,
            jti: jti,
            sub: sub,
            sid: sid
        )
    }

    /// OpenID Connect Back-Channel Logout 1.0 §2.4: `sub`, `sid` or both.
    @Test(
        "sub, sid or both are enough",
        arguments: [("u", nil), (nil, "s"), ("u", "s")] as [(String?, String?)]
    )
    func subjectOrSession(sub: String?, sid: String?) throws {
        let claims = try Self.claims(sub: sub, sid: sid)
        #expect(claims.sub == sub)
        #expect(claims.sid == sid)
    }

    @Test("neither sub nor sid is refused")
    func neither() {
        #expect(throws: SigningError.neitherSubNorSid) {
            try Self.claims(sub: nil, sid: nil)
        }
    }

    @Test("an empty claim is refused by its name")
    func empty() {
        #expect(throws: SigningError.emptyClaim("iss")) { try Self.claims(iss: "") }
        #expect(throws: SigningError.emptyClaim("aud")) { try Self.claims(aud: "") }
        #expect(throws: SigningError.emptyClaim("jti")) { try Self.claims(jti: "") }
        #expect(throws: SigningError.emptyClaim("sub")) { try Self.claims(sub: "") }
        #expect(throws: SigningError.emptyClaim("sid")) { try Self.claims(sid: "") }
    }

    @Test(
        "a token lives 1 to 120 seconds",
        arguments: [(-1, false), (0, false), (1, true), (120, true), (121, false)]
    )
    func lifetime(seconds: Int64, allowed: Bool) throws {
        guard allowed else {
            #expect(throws: SigningError.lifetimeOutOfRange(seconds: seconds)) {
                try Self.claims(iat: 1_000, exp: 1_000 + seconds)
            }
            return
        }
        #expect(try Self.claims(iat: 1_000, exp: 1_000 + seconds).exp == 1_000 + seconds)
    }

    @Test("times at the ends of Int64 are refused, not trapped on")
    func overflow() {
        #expect(throws: SigningError.self) { try Self.claims(iat: .min, exp: .max) }
    }
}
