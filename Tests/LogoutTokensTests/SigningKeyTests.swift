import LogoutTokens
import Testing

@Suite("Signing key")
struct SigningKeyTests {
    let privateKey: PrivateKey

    init() throws {
        privateKey = try PrivateKey(jwk: JWKMembers(KeyFixtures.ed25519))
    }

    @Test("its kid is the thumbprint unless told")
    func kid() throws {
        #expect(try SigningKey(privateKey).kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
        #expect(try SigningKey(privateKey, kid: "mine").kid == "mine")
    }

    @Test(
        "a kid is 1 to 255 bytes without control characters",
        arguments: [
            ("", false), ("a", true), (String(repeating: "a", count: 255), true),
            (String(repeating: "a", count: 256), false), (String(repeating: "\u{E9}", count: 128), false),
            ("a b/c+d=", true), ("a\nb", false), ("a\u{0}", false), ("\u{7F}", false), ("\u{85}", false),
        ]
    )
    func kidGrammar(kid: String, allowed: Bool) throws {
        guard allowed else {
            #expect(throws: KeyError.kidMalformed) { try SigningKey(privateKey, kid: kid) }
            return
        }
        #expect(try SigningKey(privateKey, kid: kid).publicJWK.kid == kid)
    }
}
