import LogoutTokens
import Testing

@Suite("Sealed key")
struct SealedKeyTests {
    let encryptionKey: KeyEncryptionKey
    let key: SigningKey
    let sealed: SealedKey

    init() throws {
        encryptionKey = try KeyEncryptionKey(base64: Base64.encode(Array(0..<32)))
        key = try SigningKey(PrivateKey(jwk: JWKMembers(KeyFixtures.rsa)), kid: "k1")
        sealed = try SealedKey(sealing: key, issuerID: [1, 2], under: encryptionKey)
    }

    @Test("it opens for its own issuer, kid and algorithm")
    func opens() throws {
        let stored = try SealedKey(bytes: sealed.sealed.bytes)
        let opened = try stored.open(issuerID: [1, 2], kid: "k1", algorithm: .rs256, under: encryptionKey)
        #expect(opened.kid == "k1")
        #expect(opened.privateKey.thumbprint == key.privateKey.thumbprint)
        #expect(opened.algorithm == .rs256)
    }

    @Test(
        "it opens for no other row",
        arguments: [
            ([1, 3], "k1", SignatureAlgorithm.rs256), ([1, 2], "k2", .rs256), ([1, 2], "k1", .ps256),
            ([1], "k1", .rs256), ([1, 2, 0], "k1", .rs256), ([1, 2], "k1R", .rs256), ([1], "\u{2}k1", .rs256),
        ] as [([UInt8], String, SignatureAlgorithm)]
    )
    func otherRow(issuerID: [UInt8], kid: String, algorithm: SignatureAlgorithm) {
        #expect(throws: KeyError.sealBroken) {
            try sealed.open(issuerID: issuerID, kid: kid, algorithm: algorithm, under: encryptionKey)
        }
    }

    @Test("the private key is not in the stored bytes")
    func encrypted() throws {
        let stored = sealed.sealed.bytes
        let secret = try key.privateKey.pkcs8()
        let piece = Array(secret[100..<116])
        #expect(!stored.indices.contains { stored[$0...].starts(with: piece) })
    }
}
