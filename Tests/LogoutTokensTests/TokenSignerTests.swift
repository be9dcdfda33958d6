import Foundation
import LastcallTestKit
import LogoutTokens
import Testing

@Suite("Token signer")
struct TokenSignerTests {
    static let now: Int64 = 1_700_000_000

    func verifier(_ keys: [SigningKey]) throws -> LogoutTokenVerifier {
        try LogoutTokenVerifier(
            jwks: JWKSet.document(keys.map(\.publicJWK)),
            iss: "https://op.example.com"
        )
    }

    @Test(
        "an independent verifier accepts every algorithm, token after token",
        arguments: SignatureAlgorithm.allCases
    )
    func signs(algorithm: SignatureAlgorithm) throws {
        let key = try SigningKey(.generate(for: algorithm))
        let verifier = try verifier([key])
        let signer = TokenSigner()
        for number in 1...5 {
            let claims = try LogoutTokenClaimsTests.claims(jti: "j\(number)")
            let token = String(decoding: try signer.sign(claims, with: key), as: UTF8.self)
            let read = try verifier.verify(token, aud: "rp1", now: Self.now)
            #expect(read.jti == "j\(number)")
            #expect(read.algorithm == algorithm.rawValue)
            #expect(read.kid == key.kid)
            #expect((read.sub, read.sid) == ("u1", "s1"))
            #expect((read.iat, read.exp) == (Self.now, Self.now + 120))
        }
    }

    @Test("the token is exactly this text, claim by claim")
    func exactText() throws {
        let key = try SigningKey(PrivateKey(jwk: JWKMembers(KeyFixtures.ed25519)), kid: "k\"1")
        let token = try TokenSigner().sign(LogoutTokenClaimsTests.claims(), with: key)
        let parts = String(decoding: token, as: UTF8.self).split(separator: ".")
        try #require(parts.count == 3)
        #expect(try text(parts[0]) == #"{"alg":"EdDSA","typ":"logout+jwt","kid":"k\"1"}"#)
        let event = #""events":{"http://schemas.openid.net/event/backchannel-logout":{}}"#
        let start = #"{"iss":"https://op.example.com","aud":"rp1","iat":1700000000,"exp":1700000120,"#
        #expect(try text(parts[1]) == start + #""jti":"j1","sub":"u1","sid":"s1","# + event + "}")
    }

    @Test("a missing sub or sid is left out", arguments: [("u", nil), (nil, "s")] as [(String?, String?)])
    func optionalClaims(sub: String?, sid: String?) throws {
        let key = try SigningKey(.generate(for: .es256))
        let claims = try LogoutTokenClaimsTests.claims(sub: sub, sid: sid)
        let token = String(decoding: try TokenSigner().sign(claims, with: key), as: UTF8.self)
        let read = try verifier([key]).verify(token, aud: "rp1", now: Self.now)
        #expect((read.sub, read.sid) == (sub, sid))
    }

    /// Compared by bytes: Swift's `==` would take a composed and a decomposed letter for the same.
    @Test(
        "any text survives the token byte for byte",
        arguments: [
            #"quote " backslash \ slash /"#, "tab\tline\nnull\u{0}bell\u{7}delete\u{7F}", "\u{2028}\u{2029}",
            "caf\u{E9} cafe\u{301}", "\u{1F468}\u{200D}\u{1F469}", "</script>", #"\u0041"#,
            "\u{FFFF}\u{10FFFF}",
        ]
    )
    func escapes(value: String) throws {
        let key = try SigningKey(.generate(for: .edDSA))
        let claims = try LogoutTokenClaimsTests.claims(sub: value, sid: value + value)
        let token = String(decoding: try TokenSigner().sign(claims, with: key), as: UTF8.self)
        let read = try verifier([key]).verify(token, aud: "rp1", now: Self.now)
        #expect(read.sub.map { Array($0.utf8) } == Array(value.utf8))
        #expect(read.sid.map { Array($0.utf8) } == Array((value + value).utf8))
    }

    /// RFC 7515 A.2 (RS256) and RFC 8037 A.4 (EdDSA): both schemes give one signature only.
    @Test(
        "published signatures are reproduced",
        arguments: [
            (
                KeyFixtures.rsa,
                "eyJhbGciOiJSUzI1NiJ9."
                    + "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
                KeyFixtures.rsaSignature
            ),
            (
                KeyFixtures.ed25519,
                "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
                "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
            ),
        ]
    )
    func published(members: [String: String], input: String, expected: String) throws {
        let key = try PrivateKey(jwk: JWKMembers(members))
        let signature = try TokenSigner().signature(of: Array(input.utf8), with: key)
        #expect(Base64.urlEncode(signature) == expected)
    }

    /// One half in 256 is short; signing goes on until one was seen, so the padding is certainly exercised.
    @Test(
        "short halves of ECDSA signatures are padded",
        arguments: [SignatureAlgorithm.es256, .es384, .es512]
    )
    func padding(algorithm: SignatureAlgorithm) throws {
        let key = try SigningKey(.generate(for: algorithm))
        let verifying = try #require(Self.verificationKey(key))
        let signer = TokenSigner()
        let half = [SignatureAlgorithm.es256: 32, .es384: 48, .es512: 66][algorithm, default: 0]
        // P-521 halves start with 521 - 65 * 8 = 1 bit, so there a short one has two zero bytes.
        let zeros = algorithm == .es512 ? 2 : 1
        var seen = false
        for number in 0..<20_000 where !seen {
            let message = Array("\(number)".utf8)
            let signature = try signer.signature(of: message, with: key.privateKey)
            try #require(signature.count == 2 * half)
            let short = [signature.prefix(half), signature.suffix(half)].contains { half in
                half.prefix(zeros).allSatisfy { $0 == 0 }
            }
            guard short else { continue }
            seen = true
            #expect(verifying.verifies(signature, of: message) == true)
        }
        #expect(seen)
    }

    @Test("one signer serves many keys in any order, also beyond its capacity")
    func manyKeys() throws {
        let algorithms: [SignatureAlgorithm] = [.es256, .edDSA, .es384, .rs256, .ps256]
        let keys = try algorithms.map { try SigningKey(.generate(for: $0)) }
        let verifier = try verifier(keys)
        let signer = TokenSigner(capacity: 2)
        for round in 0..<4 {
            for key in round.isMultiple(of: 2) ? keys : keys.reversed() {
                let token = try signer.sign(LogoutTokenClaimsTests.claims(), with: key)
                let read = try verifier.verify(
                    String(decoding: token, as: UTF8.self),
                    aud: "rp1",
                    now: Self.now
                )
                #expect(read.kid == key.kid)
            }
        }
    }

    @Test("one key signs on many threads at once", arguments: [SignatureAlgorithm.rs256, .es256, .edDSA])
    func shared(algorithm: SignatureAlgorithm) async throws {
        let key = try SigningKey(.generate(for: algorithm))
        let claims = try LogoutTokenClaimsTests.claims()
        let tokens = try await withThrowingTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    let signer = TokenSigner()
                    return try (0..<20).map { _ in try signer.sign(claims, with: key) }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        let verifier = try verifier([key])
        #expect(tokens.count == 160)
        for token in tokens {
            _ = try verifier.verify(String(decoding: token, as: UTF8.self), aud: "rp1", now: Self.now)
        }
    }

    @Test("a message of any length can be signed", arguments: [0, 1, 100_000])
    func lengths(count: Int) throws {
        let key = try SigningKey(.generate(for: .es256))
        let message = [UInt8](repeating: 1, count: count)
        let signature = try TokenSigner().signature(of: message, with: key.privateKey)
        #expect(Self.verificationKey(key)?.verifies(signature, of: message) == true)
    }

    static func verificationKey(_ key: SigningKey) -> VerificationKey? {
        let object = try? JSONSerialization.jsonObject(with: Data(key.publicJWK.json)) as? [String: String]
        return object.flatMap(VerificationKey.init)
    }

    private func text(_ part: Substring) throws -> String {
        String(decoding: try Base64.urlDecode(String(part)), as: UTF8.self)
    }
}
