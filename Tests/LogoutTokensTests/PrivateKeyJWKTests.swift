import LogoutTokens
import Testing

@Suite("Private key from a JWK")
struct PrivateKeyJWKTests {
    /// Each case is a good key with members replaced; an empty value removes the member.
    struct Defect: Sendable, CustomTestStringConvertible {
        let key: [String: String]
        let changes: [String: String]
        let expected: KeyError
        var testDescription: String { "\(key["kty"] ?? "") \(changes.keys.sorted()): \(expected)" }

        init(_ key: [String: String], _ changes: [String: String], _ expected: KeyError) {
            (self.key, self.changes, self.expected) = (key, changes, expected)
        }

        var members: JWKMembers {
            JWKMembers(key.merging(changes) { $1 }.filter { !$0.value.isEmpty })
        }
    }

    @Test("EC and OKP keys say their algorithm by their curve; RSA keys must name it")
    func algorithm() throws {
        #expect(try PrivateKey(jwk: JWKMembers(KeyFixtures.ec)).algorithm == .es256)
        #expect(try PrivateKey(jwk: JWKMembers(KeyFixtures.ed25519)).algorithm == .edDSA)
        #expect(try PrivateKey(jwk: JWKMembers(KeyFixtures.rsa)).algorithm == .rs256)
        let pss = JWKMembers(KeyFixtures.rsa.merging(["alg": "PS512", "use": "sig", "kid": "1"]) { $1 })
        #expect(try PrivateKey(jwk: pss).algorithm == .ps512)
    }

    @Test("an RSA key without its factors is the same key, factors and all")
    func recoversFactors() throws {
        let whole = try PrivateKey(jwk: JWKMembers(KeyFixtures.rsa))
        let bare = try PrivateKey(jwk: JWKMembers(KeyFixtures.rsaWithoutFactors))
        #expect(try bare.pkcs8() == whole.pkcs8())
    }

    @Test(
        "a defect is named",
        arguments: [
            Defect(KeyFixtures.rsa, ["kty": ""], .missingMember("kty")),
            Defect(KeyFixtures.rsa, ["kty": "oct"], .unsupportedMember("kty", value: "oct")),
            Defect(KeyFixtures.rsa, ["alg": ""], .missingMember("alg")),
            Defect(KeyFixtures.rsa, ["alg": "none"], .unsupportedMember("alg", value: "none")),
            Defect(KeyFixtures.rsa, ["alg": "HS256"], .unsupportedMember("alg", value: "HS256")),
            Defect(KeyFixtures.rsa, ["alg": "ES256"], .doesNotFit(.es256, found: "RSA")),
            Defect(KeyFixtures.rsa, ["use": "enc"], .unsupportedMember("use", value: "enc")),
            Defect(KeyFixtures.rsa, ["oth": "?"], .unsupportedMember("oth", value: "more than two primes")),
            Defect(KeyFixtures.rsa, ["n": ""], .missingMember("n")),
            Defect(KeyFixtures.rsa, ["n": "a b"], .malformedMember("n")),
            Defect(KeyFixtures.rsa, ["e": ""], .missingMember("e")),
            Defect(KeyFixtures.rsa, ["e": "AQ"], .rsaExponent),
            Defect(KeyFixtures.rsa, ["e": "AQAA"], .rsaExponent),
            Defect(KeyFixtures.rsa, ["e": "AQAAAAE"], .rsaExponent),
            Defect(KeyFixtures.rsa, ["e": "Aw"], .inconsistent),
            Defect(KeyFixtures.rsa, ["d": ""], .missingMember("d")),
            Defect(KeyFixtures.rsa, ["qi": ""], .missingMember("qi")),
            Defect(KeyFixtures.rsa, ["qi": "AQAB"], .inconsistent),
            Defect(KeyFixtures.rsa, ["p": KeyFixtures.rsaFactors["q"] ?? ""], .inconsistent),
            Defect(KeyFixtures.rsa, ["dp": KeyFixtures.rsaFactors["dq"] ?? ""], .inconsistent),
            Defect(KeyFixtures.rsa, ["n": KeyFixtures.thumbprintN], .inconsistent),
            Defect(KeyFixtures.rsaWithoutFactors, ["d": "AQAB"], .inconsistent),
            Defect(KeyFixtures.rsaWithoutFactors, ["e": "Aw"], .inconsistent),
            Defect(KeyFixtures.rsaWithoutFactors, ["e": "AQAAAAE"], .rsaExponent),
            Defect(
                KeyFixtures.rsaWithoutFactors,
                ["n": String(repeating: "A", count: 1_400)],
                .rsaBits(8_400)
            ),
            Defect(KeyFixtures.rsaWithoutFactors, ["n": KeyFixtures.thumbprintN], .inconsistent),
            Defect(KeyFixtures.ec, ["crv": ""], .missingMember("crv")),
            Defect(KeyFixtures.ec, ["crv": "secp256k1"], .unsupportedMember("crv", value: "secp256k1")),
            Defect(KeyFixtures.ec, ["crv": "P-384"], .malformedMember("x")),
            Defect(KeyFixtures.ec, ["alg": "ES384"], .doesNotFit(.es384, found: "P-256")),
            Defect(KeyFixtures.ec, ["alg": "EdDSA"], .doesNotFit(.edDSA, found: "P-256")),
            Defect(KeyFixtures.ec, ["d": ""], .missingMember("d")),
            Defect(KeyFixtures.ec, ["d": "AQAB"], .malformedMember("d")),
            Defect(KeyFixtures.ec, ["d": KeyFixtures.ed25519["d"] ?? ""], .inconsistent),
            Defect(KeyFixtures.ec, ["y": ""], .missingMember("y")),
            Defect(KeyFixtures.ec, ["x": KeyFixtures.ed25519["x"] ?? ""], .inconsistent),
            Defect(KeyFixtures.ec, ["y": KeyFixtures.ec["x"] ?? ""], .inconsistent),
            Defect(KeyFixtures.ed25519, ["crv": "X25519"], .unsupportedMember("crv", value: "X25519")),
            Defect(KeyFixtures.ed25519, ["d": ""], .missingMember("d")),
            Defect(KeyFixtures.ed25519, ["d": "AQAB"], .malformedMember("d")),
            Defect(KeyFixtures.ed25519, ["x": ""], .missingMember("x")),
            Defect(KeyFixtures.ed25519, ["x": KeyFixtures.ec["x"] ?? ""], .inconsistent),
        ]
    )
    func defects(defect: Defect) {
        #expect(throws: defect.expected) { try PrivateKey(jwk: defect.members) }
    }

    @Test("a long wrong value is cut before it reaches an error")
    func excerpt() {
        let long = String(repeating: "s", count: 100)
        let expected = KeyError.unsupportedMember("kty", value: String(repeating: "s", count: 16))
        #expect(throws: expected) { try PrivateKey(jwk: JWKMembers(["kty": long])) }
    }

    @Test("members print as names alone")
    func redacted() {
        let members = JWKMembers(KeyFixtures.ed25519)
        #expect("\(members)" == "JWKMembers(crv, d, kty, x)")
        var dumped = ""
        dump(members, to: &dumped)
        #expect(!dumped.contains("nWGxne"))
    }
}
