import LastcallTestKit
import LogoutTokens
import Testing

@Suite("Security event verifier")
struct SecurityEventVerifierTests {
    typealias Defect = SecurityEventVerifier.Defect

    static let event = "https://schemas.openid.net/secevent/caep/event-type/session-revoked"
    static let header = #"{"alg":"ES256","typ":"secevent+jwt","kid":"k"}"#
    static let user = #"{"format":"iss_sub","iss":"https://op.example.com","sub":"u"}"#
    static let session = #"{"format":"opaque","id":"s"}"#

    let key: SigningKey
    let verifier: SecurityEventVerifier

    init() throws {
        key = try SigningKey(.generate(for: .es256), kid: "k")
        verifier = try SecurityEventVerifier(
            jwks: JWKSet.document([key.publicJWK]),
            iss: "https://op.example.com"
        )
    }

    static func claims(
        start: String = #""iss":"https://op.example.com","aud":"rp1","iat":1700000000,"jti":"j""#,
        who: String = user,
        event: String = #""event_timestamp":1700000000,"reason_admin":{"en":"why"}"#,
        extra: String = ""
    ) -> String {
        #"{\#(start),"txn":"t","sub_id":\#(who),"events":{"\#(Self.event)":{\#(event)}}\#(extra)}"#
    }

    func token(_ header: String, _ claims: String) throws -> String {
        let input = [header, claims].map { Base64.urlEncode(Array($0.utf8)) }.joined(separator: ".")
        let signature = try TokenSigner().signature(of: Array(input.utf8), with: key.privateKey)
        return input + "." + Base64.urlEncode(signature)
    }

    @Test("a good token says what it says, of a user, a session, or both")
    func good() throws {
        let complex = #"{"format":"complex","user":\#(Self.user),"session":\#(Self.session)}"#
        for (who, sub, sid) in [(Self.user, "u", nil), (Self.session, nil, "s"), (complex, "u", "s")]
            as [(String, String?, String?)]
        {
            let said = try verifier.verify(
                token(Self.header, Self.claims(who: who)),
                aud: "rp1",
                now: 1_700_000_000
            )
            #expect((said.sub, said.sid, said.jti, said.txn, said.reason) == (sub, sid, "j", "t", "why"))
        }
    }

    @Test(
        "each planted defect has its own name",
        arguments: [
            (#"{"alg":"none","typ":"secevent+jwt","kid":"k"}"#, claims(), Defect.jose("alg")),
            (#"{"alg":"ES256","typ":"logout+jwt","kid":"k"}"#, claims(), .jose("typ")),
            (#"{"alg":"ES256","typ":"secevent+jwt"}"#, claims(), .jose("")),
            (#"{"alg":"ES256","typ":"secevent+jwt","kid":"k","crit":[]}"#, claims(), .jose("")),
            (#"{"alg":"ES256","typ":"secevent+jwt","kid":"x"}"#, claims(), .unknownKey("x")),
            (#"{"alg":"ES384","typ":"secevent+jwt","kid":"k"}"#, claims(), .unknownKey("k")),
            (header, claims(extra: #","exp":1700000120"#), .members(of: "")),
            (header, claims(extra: #","nonce":"n""#), .members(of: "")),
            (header, claims(extra: #","txn":"t""#), .object(part: 1)),
            (header, claims(extra: #","sub":"u""#), .members(of: "")),
            (header, claims(extra: #","sub_id":{}"#), .object(part: 1)),
            (
                header,
                claims(start: #""iss":"https://op.example.com/","aud":"rp1","iat":1700000000,"jti":"j""#),
                .claim("iss")
            ),
            (
                header,
                claims(start: #""iss":"https://op.example.com","aud":["rp1"],"iat":1700000000,"jti":"j""#),
                .claim("aud")
            ),
            (
                header,
                claims(start: #""iss":"https://op.example.com","aud":"rp2","iat":1700000000,"jti":"j""#),
                .claim("aud")
            ),
            (
                header,
                claims(start: #""iss":"https://op.example.com","aud":"rp1","iat":1700000001,"jti":"j""#),
                .claim("iat")
            ),
            (
                header,
                claims(start: #""iss":"https://op.example.com","aud":"rp1","iat":1700000000,"jti":"""#),
                .claim("jti")
            ),
            (header, claims(who: #"{"format":"email","email":"a@b"}"#), .claim("format")),
            (header, claims(who: #"{"format":"iss_sub","iss":"x","sub":"u"}"#), .claim("iss")),
            (header, claims(who: #"{"format":"opaque","id":"s","sub":"u"}"#), .members(of: "session")),
            (header, claims(who: #"{"format":"complex","user":\#(user)}"#), .members(of: "sub_id")),
            (
                header, claims(event: #""event_timestamp":1700000000000,"reason_admin":{"en":"x"}"#),
                .claim("event_timestamp")
            ),
            (header, claims(event: #""event_timestamp":1700000000"#), .members(of: "event")),
            (
                header, claims(event: #""event_timestamp":1700000000,"reason_admin":{}"#),
                .claim("reason_admin")
            ),
            (
                header,
                claims(
                    event: #""event_timestamp":1700000000,"reason_admin":{"en":"x"},"initiating_entity":"op""#
                ),
                .claim("initiating_entity")
            ),
        ]
    )
    func defects(header: String, claims: String, defect: Defect) throws {
        let token = try token(header, claims)
        #expect(throws: defect) { try verifier.verify(token, aud: "rp1", now: 1_700_000_000) }
    }

    @Test("a token that is cut, padded or signed by another is refused")
    func form() throws {
        let token = try token(Self.header, Self.claims())
        let other = try SigningKey(.generate(for: .es256), kid: "k")
        let stranger = try SecurityEventVerifier(
            jwks: JWKSet.document([other.publicJWK]),
            iss: "https://op.example.com"
        )
        #expect(throws: Defect.signature) { try stranger.verify(token, aud: "rp1", now: 1_700_000_000) }
        #expect(throws: Defect.parts(4)) { try verifier.verify(token + ".", aud: "rp1", now: 1_700_000_000) }
        #expect(throws: Defect.encoding(part: 2)) {
            try verifier.verify(token + "==", aud: "rp1", now: 1_700_000_000)
        }
        #expect(throws: Defect.keySet) { try SecurityEventVerifier(jwks: [], iss: "x") }
    }
}
