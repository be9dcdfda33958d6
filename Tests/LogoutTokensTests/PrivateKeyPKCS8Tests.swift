import LogoutTokens
import Testing

@Suite("Private key as PKCS#8")
struct PrivateKeyPKCS8Tests {
    let key: PrivateKey

    init() throws {
        key = try PrivateKey(jwk: JWKMembers(KeyFixtures.ec))
    }

    @Test("what was exported is the same key again")
    func roundTrip() throws {
        let again = try PrivateKey(pkcs8: key.pkcs8(), for: .es256)
        #expect(again.thumbprint == key.thumbprint)
        #expect(try again.pkcs8() == key.pkcs8())
    }

    @Test("bytes behind the structure are refused")
    func trailing() throws {
        let longer = try key.pkcs8() + [0]
        #expect(throws: KeyError.unreadable(reasons: ["trailing bytes"])) {
            try PrivateKey(pkcs8: longer, for: .es256)
        }
    }

    @Test("cut short at any place, it is refused")
    func truncated() throws {
        let whole = try key.pkcs8()
        for count in whole.indices {
            #expect(throws: KeyError.self) { try PrivateKey(pkcs8: Array(whole.prefix(count)), for: .es256) }
        }
    }

    @Test("a key for another algorithm is refused")
    func misfit() throws {
        let pkcs8 = try key.pkcs8()
        #expect(throws: KeyError.doesNotFit(.es512, found: "prime256v1")) {
            try PrivateKey(pkcs8: pkcs8, for: .es512)
        }
    }

    @Test("a public point that is not of the private scalar is refused")
    func mismatch() throws {
        let other = try PrivateKey.generate(for: .es256).pkcs8()
        // Both end with the uncompressed point, 65 bytes.
        let mixed = try key.pkcs8().dropLast(65) + other.suffix(65)
        #expect(throws: KeyError.inconsistent) { try PrivateKey(pkcs8: Array(mixed), for: .es256) }
    }
}
