import LogoutTokens
import Testing

@Suite("Private key from PEM")
struct PrivateKeyPEMTests {
    @Test(
        "every unencrypted form gives the key of the RFC",
        arguments: [
            (PEMFixtures.rsaPKCS1, SignatureAlgorithm.rs256, KeyFixtures.rsa),
            (PEMFixtures.rsaPKCS8, .ps384, KeyFixtures.rsa),
            (PEMFixtures.ecSEC1, .es256, KeyFixtures.ec),
            (PEMFixtures.ecPKCS8, .es256, KeyFixtures.ec),
            (PEMFixtures.ed25519PKCS8, .edDSA, KeyFixtures.ed25519),
            (PEMFixtures.ecPublic + "\n" + PEMFixtures.ecSEC1, .es256, KeyFixtures.ec),
            (
                "Bag Attributes\r\n" + PEMFixtures.ecPKCS8.replacing("\n", with: "\r\n"), .es256,
                KeyFixtures.ec
            ),
        ]
    )
    func reads(pem: String, algorithm: SignatureAlgorithm, members: [String: String]) throws {
        let key = try PrivateKey(pem: pem, for: algorithm)
        #expect(key.algorithm == algorithm)
        #expect(try key.thumbprint == PrivateKey(jwk: JWKMembers(members)).thumbprint)
    }

    @Test(
        "a key that does not fit its algorithm is refused",
        arguments: [
            (PEMFixtures.rsaPKCS8, SignatureAlgorithm.es256, KeyError.doesNotFit(.es256, found: "RSA")),
            (PEMFixtures.ecPKCS8, .rs256, .doesNotFit(.rs256, found: "EC")),
            (PEMFixtures.ecPKCS8, .es384, .doesNotFit(.es384, found: "prime256v1")),
            (PEMFixtures.ecPKCS8, .edDSA, .doesNotFit(.edDSA, found: "EC")),
            (PEMFixtures.secp256k1, .es256, .doesNotFit(.es256, found: "secp256k1")),
            (PEMFixtures.ed25519PKCS8, .es256, .doesNotFit(.es256, found: "ED25519")),
            (PEMFixtures.rsa1024, .rs256, .rsaBits(1024)),
            (PEMFixtures.rsa1024, .ps256, .rsaBits(1024)),
        ]
    )
    func refusesMisfit(pem: String, algorithm: SignatureAlgorithm, expected: KeyError) {
        #expect(throws: expected) { try PrivateKey(pem: pem, for: algorithm) }
    }

    /// With a prompt this test would hang on a terminal.
    @Test(
        "an encrypted key is refused without asking",
        arguments: [PEMFixtures.encryptedPKCS8, PEMFixtures.encryptedSEC1]
    )
    func refusesEncrypted(pem: String) {
        #expect(throws: KeyError.encrypted) { try PrivateKey(pem: pem, for: .es256) }
    }

    @Test(
        "a text without a private key is refused",
        arguments: ["", "hello", "\u{0}\u{1}", PEMFixtures.ecPublic, "-----END PRIVATE KEY-----"]
    )
    func refusesOther(pem: String) {
        #expect(throws: KeyError.noPrivateKey) { try PrivateKey(pem: pem, for: .es256) }
    }

    @Test("a damaged key is refused with OpenSSL's reason and nothing of its text")
    func refusesDamaged() {
        let damaged = PEMFixtures.ecPKCS8.replacing(
            "BEGIN PRIVATE KEY-----\nMIGH",
            with: "BEGIN PRIVATE KEY-----\nMIGX"
        )
        #expect(damaged != PEMFixtures.ecPKCS8)
        #expect {
            try PrivateKey(pem: damaged, for: .es256)
        } throws: { error in
            guard case .unreadable(let reasons) = error as? KeyError else { return false }
            return !reasons.isEmpty && !reasons.contains { $0.contains("MIG") }
        }
    }

    @Test("a text over 64 KiB is refused unread")
    func refusesLong() {
        let long = String(repeating: "\n", count: 65_537)
        #expect(throws: KeyError.unreadable(reasons: ["over 64 KiB"])) {
            try PrivateKey(pem: long, for: .es256)
        }
        #expect(throws: KeyError.noPrivateKey) { try PrivateKey(pem: String(long.dropLast()), for: .es256) }
    }
}
