import LogoutTokens
import Testing

@Suite("Private key")
struct PrivateKeyTests {
    @Test("a generated key is for the algorithm asked for", arguments: SignatureAlgorithm.allCases)
    func generates(algorithm: SignatureAlgorithm) throws {
        let key = try PrivateKey.generate(for: algorithm)
        #expect(key.algorithm == algorithm)
        #expect(try PrivateKey(pkcs8: key.pkcs8(), for: algorithm).thumbprint == key.thumbprint)
    }

    @Test("two generated keys differ")
    func generatesAnew() throws {
        #expect(
            try PrivateKey.generate(for: .es256).thumbprint != PrivateKey.generate(for: .es256).thumbprint
        )
    }

    @Test("RSA keys have 2048 to 8192 bits", arguments: [0, 1024, 2047, 8193, 1 << 40])
    func refusesSize(bits: Int) {
        #expect(throws: KeyError.rsaBits(bits)) { try PrivateKey.generate(for: .rs256, rsaBits: bits) }
    }

    @Test("RSA keys may be longer than the default")
    func longerRSA() throws {
        let key = try PrivateKey.generate(for: .ps512, rsaBits: 3072)
        let signature = try TokenSigner().signature(of: [1], with: key)
        #expect(signature.count == 384)
    }

    /// RFC 8037 A.3 publishes the Ed25519 one; the others were computed by another implementation.
    @Test(
        "thumbprints are the published ones",
        arguments: [
            (KeyFixtures.ed25519, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"),
            (KeyFixtures.ec, "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"),
            (KeyFixtures.rsa, "IsUn6_e04MaShXFIISMp4kG62LWzMIPy_MvSA5pJgX8"),
        ]
    )
    func thumbprints(members: [String: String], expected: String) throws {
        #expect(try PrivateKey(jwk: JWKMembers(members)).thumbprint == expected)
    }

    @Test("printing and dumping show nothing private")
    func redacted() throws {
        let key = try PrivateKey(jwk: JWKMembers(KeyFixtures.ed25519))
        let expected = "PrivateKey(EdDSA, kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k)"
        #expect("\(key)" == expected)
        #expect(String(reflecting: key) == expected)
        var dumped = ""
        dump(key, to: &dumped)
        #expect(!dumped.contains("handle"))
        #expect(!dumped.contains("nWGxne"))
    }

    @Test(
        "the public JWK shows nothing private",
        arguments: [KeyFixtures.rsa, KeyFixtures.ec, KeyFixtures.ed25519]
    )
    func publicPart(members: [String: String]) throws {
        let jwk = try PrivateKey(jwk: JWKMembers(members)).publicJWK(kid: "k")
        let text = String(decoding: jwk.json, as: UTF8.self)
        for name in ["d", "p", "q", "dp", "dq", "qi"] {
            #expect(!text.contains("\"\(name)\":"))
        }
        #expect(text.contains(#""use":"sig""#))
    }
}
