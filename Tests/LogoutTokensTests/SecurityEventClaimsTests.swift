import LastcallTestKit
import LogoutModel
import LogoutTokens
import Testing

@Suite("Security event claims")
struct SecurityEventClaimsTests {
    static func claims(
        iss: String = "https://op.example.com",
        aud: String = "rp1",
        jti: String = "j1",
        txn: String = "t1",
        sub: String? = "u1",
        sid: String? = "s1",
        initiator: Initiator? = .rpLogout
    ) throws(SigningError) -> SecurityEventClaims {
        try SecurityEventClaims(
            iss: iss,
            aud: aud,
            iat: 1_700_000_000,
            jti: jti,
            txn: txn,
            sub: sub,
            sid: sid,
            initiator: initiator
        )
    }

    /// CAEP 1.0, the examples of "Session Revoked".
    @Test("a user and a session are a complex subject, each alone a simple one")
    func bytes() throws {
        let start =
            #"{"iss":"https://op.example.com","aud":"rp1","iat":1700000000,"jti":"j1","txn":"t1","sub_id":"#
        let event = "https://schemas.openid.net/secevent/caep/event-type/session-revoked"
        let end = """
            ,"events":{"\(event)":{"event_timestamp":1700000000,"initiating_entity":"user",\
            "reason_admin":{"en":"The user logged out at a relying party."}}}}
            """
        let user = #"{"format":"iss_sub","iss":"https://op.example.com","sub":"u1"}"#
        let session = #"{"format":"opaque","id":"s1"}"#
        for (sub, sid, subject) in [
            ("u1", "s1", #"{"format":"complex","user":\#(user),"session":\#(session)}"#),
            ("u1", nil, user), (nil, "s1", session),
        ] as [(String?, String?, String)] {
            let json = try Self.claims(sub: sub, sid: sid).json(reusing: [1, 2, 3])
            #expect(String(decoding: json, as: UTF8.self) == start + subject + end)
        }
    }

    @Test("text that JSON escapes is escaped wherever it is")
    func escapes() throws {
        let json = try Self.claims(aud: #"a"{"#, sub: #"{"#, sid: "\\{").json(reusing: [])
        let text = String(decoding: json, as: UTF8.self)
        #expect(text.contains(#""aud":"a\"{","iat""#) && text.contains(#""sub":"{"},"session""#))
        #expect(text.contains(#""id":"\\{"}},"events""#))
    }

    @Test(
        "every initiator has a reason; who it was is said only where it is known",
        arguments: Initiator.allCases
    )
    func reasons(initiator: Initiator) throws {
        let text = String(decoding: try Self.claims(initiator: initiator).json(reusing: []), as: UTF8.self)
        #expect(text.firstMatch(of: /"reason_admin":\{"en":"[^"]+\."\}/) != nil)
        let entity = text.firstMatch(of: /"initiating_entity":"(\w+)"/).map { String($0.1) }
        #expect(entity == [.rpLogout: "user", .sessionExpired: "policy"][initiator])
    }

    @Test("where nothing is known of the logout, a reason is there all the same")
    func unknown() throws {
        let text = String(decoding: try Self.claims(initiator: nil).json(reusing: []), as: UTF8.self)
        #expect(text.contains(#""reason_admin":{"en":"The session was ended."}"#))
        #expect(!text.contains("initiating_entity"))
    }

    @Test("neither sub nor sid, and an empty claim, are refused")
    func refused() {
        #expect(throws: SigningError.neitherSubNorSid) { try Self.claims(sub: nil, sid: nil) }
        #expect(throws: SigningError.emptyClaim("iss")) { try Self.claims(iss: "") }
        #expect(throws: SigningError.emptyClaim("aud")) { try Self.claims(aud: "") }
        #expect(throws: SigningError.emptyClaim("jti")) { try Self.claims(jti: "") }
        #expect(throws: SigningError.emptyClaim("txn")) { try Self.claims(txn: "") }
        #expect(throws: SigningError.emptyClaim("sub")) { try Self.claims(sub: "") }
        #expect(throws: SigningError.emptyClaim("sid")) { try Self.claims(sid: "") }
    }

    @Test("a token of each algorithm verifies, and its type keeps it from being a logout token")
    func signed() throws {
        for algorithm in SignatureAlgorithm.allCases {
            let key = try SigningKey(.generate(for: algorithm), kid: "k")
            let jwks = JWKSet.document([key.publicJWK])
            let token = String(decoding: try TokenSigner().sign(Self.claims(), with: key), as: UTF8.self)
            let verifier = try SecurityEventVerifier(jwks: jwks, iss: "https://op.example.com")
            let said = try verifier.verify(token, aud: "rp1", now: 1_700_000_000)
            #expect((said.sub, said.sid, said.jti) == ("u1", "s1", "j1"))
            #expect(said.algorithm == algorithm.rawValue && said.kid == "k")
            let other = try LogoutTokenVerifier(jwks: jwks, iss: "https://op.example.com")
            #expect(throws: LogoutTokenVerifier.Defect.type("secevent+jwt")) {
                try other.verify(token, aud: "rp1", now: 1_700_000_000)
            }
        }
    }

    @Test("a logout token is no Security Event Token")
    func otherWay() throws {
        let key = try SigningKey(.generate(for: .es256), kid: "k")
        let token = try TokenSigner().sign(LogoutTokenClaimsTests.claims(), with: key)
        let verifier = try SecurityEventVerifier(
            jwks: JWKSet.document([key.publicJWK]),
            iss: "https://op.example.com"
        )
        #expect(throws: SecurityEventVerifier.Defect.jose("typ")) {
            try verifier.verify(String(decoding: token, as: UTF8.self), aud: "rp1", now: 1_700_000_000)
        }
    }
}
