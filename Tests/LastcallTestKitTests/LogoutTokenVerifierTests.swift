import LastcallTestKit
import LogoutTokens
import Testing

@Suite("Logout token verifier")
struct LogoutTokenVerifierTests {
    typealias Defect = LogoutTokenVerifier.Defect

    /// A good token in pieces, of which a test replaces one.
    struct Draft: Sendable {
        var header = #"{"alg":"ES256","typ":"logout+jwt","kid":"k"}"#
        var claims = claims()

        static func claims(
            start: String = #""iss":"https://op.example.com","aud":"rp1","iat":1000,"exp":1120,"jti":"j""#,
            who: String = #","sub":"u","sid":"s""#,
            events: String = #","events":{"http://schemas.openid.net/event/backchannel-logout":{}}"#,
            extra: String = ""
        ) -> String { "{" + start + who + events + extra + "}" }
    }

    let key: SigningKey
    let verifier: LogoutTokenVerifier

    init() throws {
        key = try SigningKey(.generate(for: .es256), kid: "k")
        verifier = try LogoutTokenVerifier(
            jwks: JWKSet.document([key.publicJWK]),
            iss: "https://op.example.com"
        )
    }

    func token(_ draft: Draft) throws -> String {
        let parts = [draft.header, draft.claims].map { Base64.urlEncode(Array($0.utf8)) }
        let input = parts.joined(separator: ".")
        let signature = try TokenSigner().signature(of: Array(input.utf8), with: key.privateKey)
        return input + "." + Base64.urlEncode(signature)
    }

    @Test("a good token says what it says")
    func good() throws {
        let claims = try verifier.verify(token(Draft()), aud: "rp1", now: 1000)
        #expect(claims.iss == "https://op.example.com")
        #expect(claims.aud == "rp1")
        #expect((claims.iat, claims.exp) == (1000, 1120))
        #expect((claims.jti, claims.sub, claims.sid) == ("j", "u", "s"))
        #expect((claims.algorithm, claims.kid) == ("ES256", "k"))
    }

    @Test(
        "each planted defect in the header has its own name",
        arguments: [
            (#"{"alg":"none","typ":"logout+jwt","kid":"k"}"#, Defect.algorithm("none")),
            (#"{"alg":"HS256","typ":"logout+jwt","kid":"k"}"#, .algorithm("HS256")),
            (#"{"alg":"ES384","typ":"logout+jwt","kid":"k"}"#, .keyDoesNotFit(kid: "k")),
            (#"{"typ":"logout+jwt","kid":"k"}"#, .headerMissing("alg")),
            (#"{"alg":"ES256","kid":"k"}"#, .headerMissing("typ")),
            (#"{"alg":"ES256","typ":"logout+jwt"}"#, .headerMissing("kid")),
            (#"{"alg":"ES256","typ":"JWT","kid":"k"}"#, .type("JWT")),
            (#"{"alg":"ES256","typ":"logout+jwt","kid":"other"}"#, .unknownKey("other")),
            (#"{"alg":"ES256","typ":"logout+jwt","kid":1}"#, .headerMissing("kid")),
            (#"{"alg":"ES256","typ":"logout+jwt","kid":"k","jwk":{}}"#, .headerExtra("jwk")),
            (#"{"alg":"ES256","typ":"logout+jwt","kid":"k","kid":"k"}"#, .duplicateMember("kid")),
            (#"["ES256"]"#, .notAnObject(part: 0)),
        ]
    )
    func header(header: String, expected: Defect) throws {
        let token = try token(Draft(header: header))
        #expect(throws: expected) { try verifier.verify(token, aud: "rp1", now: 1000) }
    }

    @Test(
        "each planted defect in the claims has its own name",
        arguments: [
            (Draft.claims(extra: #","nonce":"n""#), Defect.claimExtra("nonce")),
            (Draft.claims(extra: #","amr":[]"#), .claimExtra("amr")),
            (Draft.claims(extra: #","sid":"s""#), .duplicateMember("sid")),
            (Draft.claims(who: ""), .neitherSubNorSid),
            (Draft.claims(who: #","sub":"""#), .emptyClaim("sub")),
            (Draft.claims(who: #","sid":7"#), .claimMissing("sid")),
            (Draft.claims(events: ""), .events),
            (Draft.claims(events: #","events":{}"#), .events),
            (
                Draft.claims(
                    events: #","events":{"http://schemas.openid.net/event/backchannel-logout":{"a":1}}"#
                ),
                .events
            ),
            (
                Draft.claims(
                    events: #","events":{"http://schemas.openid.net/event/backchannel-logout":{},"b":{}}"#
                ),
                .events
            ),
            (
                Draft.claims(
                    events: #","events":{"http://schemas.openid.net/event/backchannel-logout":null}"#
                ),
                .events
            ),
            (
                Draft.claims(events: #","events":["http://schemas.openid.net/event/backchannel-logout"]"#),
                .events
            ),
            (starting("iss", #""https://other.example.com""#), .issuer("https://other.example.com")),
            (starting("aud", #"["rp1"]"#), .claimMissing("aud")),
            (starting("aud", #""rp2""#), .audience("rp2")),
            (starting("iat", "1001"), .notYetIssued),
            (starting("iat", #""1000""#), .claimMissing("iat")),
            (starting("iat", "1000.5"), .claimMissing("iat")),
            (starting("iat", "true"), .claimMissing("iat")),
            (starting("iat", nil), .claimMissing("iat")),
            (starting("exp", "1122"), .lifetime(seconds: 122)),
            (starting("exp", "1121"), .lifetime(seconds: 121)),
            (starting("exp", "1000"), .lifetime(seconds: 0)),
            (starting("exp", "9223372036854775807"), .claimMissing("exp")),
            (starting("exp", nil), .claimMissing("exp")),
            (starting("jti", nil), .claimMissing("jti")),
            (starting("jti", #""""#), .emptyClaim("jti")),
            ("[]", .notAnObject(part: 1)),
            ("{", .notAnObject(part: 1)),
        ]
    )
    func claims(claims: String, expected: Defect) throws {
        let token = try token(Draft(claims: claims))
        #expect(throws: expected) { try verifier.verify(token, aud: "rp1", now: 1000) }
    }

    @Test(
        "iat and exp bound the time",
        arguments: [(999, Defect.notYetIssued), (1120, .expired)] as [(Int64, Defect)]
    )
    func outside(now: Int64, expected: Defect) throws {
        let token = try token(Draft())
        #expect(throws: expected) { try verifier.verify(token, aud: "rp1", now: now) }
        _ = try verifier.verify(token, aud: "rp1", now: 1119)
    }

    @Test("a token that was touched is refused")
    func touched() throws {
        let good = try token(Draft())
        let other = try token(Draft(claims: Draft.claims(who: #","sub":"v","sid":"s""#)))
        let (parts, others) = (good.split(separator: "."), other.split(separator: "."))
        let cases: [(String, Defect)] = [
            ("\(parts[0]).\(others[1]).\(parts[2])", .signature),
            ("\(parts[0]).\(parts[1]).\(others[2])", .signature),
            ("\(parts[0]).\(parts[1]).AAAA", .signature),
            ("\(parts[0]).\(parts[1]).\(String(repeating: "A", count: 86))", .signature),
            ("\(parts[0]).\(parts[1]).", .encoding(part: 2)),
            ("\(parts[0]).\(parts[1])", .parts(2)),
            ("\(good).x", .parts(4)),
            ("\(parts[0])=.\(parts[1]).\(parts[2])", .encoding(part: 0)),
            ("\(parts[0]).\(parts[1]) .\(parts[2])", .encoding(part: 1)),
            ("", .parts(1)),
        ]
        for (token, expected) in cases {
            #expect(throws: expected) { try verifier.verify(token, aud: "rp1", now: 1000) }
        }
    }

    /// OpenSSL makes such signatures unless it is told otherwise, and many verifiers take them.
    @Test("a PSS signature under another key's algorithm is refused")
    func wrongScheme() throws {
        let members = try PrivateKey.generate(for: .ps256)
        let pkcs8 = try members.pkcs8()
        let pss = try SigningKey(members, kid: "k")
        let plain = try SigningKey(PrivateKey(pkcs8: pkcs8, for: .rs256), kid: "k")
        let claims = try LogoutTokenClaims(
            iss: "https://op.example.com",
            aud: "rp1",
            iat: 1000,
            exp: 1120,
            jti: "j",
            sub: "u",
            sid: nil
        )
        let token = String(decoding: try TokenSigner().sign(claims, with: plain), as: UTF8.self)
        let verifier = try LogoutTokenVerifier(jwks: JWKSet.document([pss.publicJWK]), iss: claims.iss)
        #expect(throws: Defect.keyDoesNotFit(kid: "k")) {
            try verifier.verify(token, aud: "rp1", now: 1000)
        }
    }

    @Test(
        "a set that is none, or shows something private, is refused",
        arguments: [
            "", "[]", "{}", #"{"keys":{}}"#, #"{"keys":[1]}"#, #"{"keys":[{}]}"#,
            #"{"keys":[{"kty":"oct","kid":"a","alg":"HS256","use":"sig","k":"AQAB"}]}"#,
            #"{"keys":[{"kty":"OKP","kid":"a","alg":"EdDSA","use":"sig","crv":"Ed25519","#
                + #""x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","#
                + #""d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}]}"#,
            #"{"keys":[{"kty":"OKP","kid":"a","alg":"EdDSA","crv":"Ed25519","#
                + #""x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#,
        ]
    )
    func keySet(jwks: String) {
        #expect(throws: Defect.keySet) { try LogoutTokenVerifier(jwks: Array(jwks.utf8), iss: "i") }
    }

    @Test("two keys of one kid are none")
    func ambiguous() throws {
        let twice = try LogoutTokenVerifier(
            jwks: JWKSet.document([key.publicJWK, key.publicJWK]),
            iss: "https://op.example.com"
        )
        let token = try token(Draft())
        #expect(throws: Defect.unknownKey("k")) { try twice.verify(token, aud: "rp1", now: 1000) }
    }

    /// The claims of a good token with one of the first five replaced, or left out.
    static func starting(_ name: String, _ value: String?) -> String {
        let good = [
            ("iss", #""https://op.example.com""#), ("aud", #""rp1""#), ("iat", "1000"), ("exp", "1120"),
            ("jti", #""j""#),
        ]
        let start = good.compactMap { member, usual in
            let value = member == name ? value : usual
            return value.map { "\"\(member)\":\($0)" }
        }
        return Draft.claims(start: start.joined(separator: ","))
    }
}
