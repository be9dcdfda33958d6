import LastcallTestKit
import LogoutTokens
import StrictJSON
import Testing

@Suite("Encryption of tokens")
struct TokenEncryptionTests {
    static let iss = "https://op.example.com"

    static func encryption(
        _ pair: ClientKeyPair,
        _ alg: KeyManagementAlgorithm,
        _ enc: ContentEncryption,
        others: [String: String] = [:]
    ) throws -> TokenEncryption {
        let set = try EncryptionKeySet(JSON.parse(Array(pair.jwks(others).utf8)))
        return try TokenEncryption(alg: alg, enc: enc, key: set.key(for: alg), issuer: iss)
    }

    /// Every alg with every kind of key that it can use.
    static let pairs: [(KeyManagementAlgorithm, ClientKeyPair.Kind)] = KeyManagementAlgorithm.allCases.flatMap
    {
        alg in
        alg.rawValue.hasPrefix("RSA")
            ? [(alg, .rsa)] : [(alg, .p256), (alg, .p384), (alg, .p521), (alg, .x25519)]
    }

    @Test(
        "an RP with the key gets back the very token, whatever alg, enc and key",
        arguments: pairs,
        ContentEncryption.allCases
    )
    func roundTrip(pair: (alg: KeyManagementAlgorithm, kind: ClientKeyPair.Kind), enc: ContentEncryption)
        throws
    {
        let keys = try ClientKeyPair(pair.kind, kid: "enc-1")
        let encryption = try Self.encryption(keys, pair.alg, enc)
        for length in [1, 15, 16, 17, 700] {
            let token = String(repeating: "x", count: length)
            let text = String(decoding: try encryption.encrypt(Array(token.utf8)), as: UTF8.self)
            let opened = try EncryptedToken(text)
            #expect(opened.alg == pair.alg.rawValue && opened.enc == enc.rawValue)
            #expect(opened.kid == "enc-1" && opened.iss == Self.iss)
            #expect(try keys.decrypt(opened) == token)
        }
    }

    @Test(
        "two tokens have no content key, vector or ephemeral key in common",
        arguments: [ClientKeyPair.Kind.rsa, .p256]
    )
    func fresh(kind: ClientKeyPair.Kind) throws {
        let keys = try ClientKeyPair(kind)
        let encryption = try Self.encryption(keys, kind == .rsa ? .rsaOAEP256 : .ecdhESA128KW, .a128GCM)
        var seen: [Set<String>] = Array(repeating: [], count: 5)
        var ephemeral: Set<String> = []
        for _ in 0..<50 {
            let text = String(decoding: try encryption.encrypt(Array("token".utf8)), as: UTF8.self)
            for (place, part) in text.split(separator: ".").enumerated() { seen[place].insert(String(part)) }
            if let x = try EncryptedToken(text).epk?["x"] { ephemeral.insert(x) }
        }
        #expect(seen.dropFirst().map(\.count) == [50, 50, 50, 50])
        #expect(ephemeral.count == (kind == .rsa ? 0 : 50))
    }

    @Test("without a kid of the client's there is none in the header")
    func noKid() throws {
        let keys = try ClientKeyPair(.p256)
        let text = String(
            decoding: try Self.encryption(keys, .ecdhES, .a256GCM).encrypt(Array("token".utf8)),
            as: UTF8.self
        )
        #expect(try EncryptedToken(text).kid == nil)
        #expect(try keys.decrypt(EncryptedToken(text)) == "token")
    }

    @Test("a changed part does not open, nor does another key", arguments: ContentEncryption.allCases)
    func tampered(enc: ContentEncryption) throws {
        let keys = try ClientKeyPair(.p256)
        let text = String(
            decoding: try Self.encryption(keys, .ecdhESA256KW, enc).encrypt(Array("a signed token".utf8)),
            as: UTF8.self
        )
        let stranger = try ClientKeyPair(.p256)
        #expect(throws: EncryptedToken.Defect.contentKey) { try stranger.decrypt(EncryptedToken(text)) }
        let parts = text.split(separator: ".").map(String.init)
        for place in 1...4 {
            var changed = parts
            changed[place] = (parts[place].hasPrefix("A") ? "B" : "A") + parts[place].dropFirst()
            #expect(throws: EncryptedToken.Defect.self) {
                try keys.decrypt(EncryptedToken(changed.joined(separator: ".")))
            }
        }
    }

    @Test("a key of another kind is refused")
    func wrongKind() throws {
        let set = try EncryptionKeySet(JSON.parse(Array(ClientKeyPair(.p256).jwks().utf8)))
        let key = try set.key(for: .ecdhES)
        #expect(throws: EncryptionKeyError.noKey(.rsaOAEP)) {
            try TokenEncryption(alg: .rsaOAEP, enc: .a128GCM, key: key, issuer: Self.iss)
        }
    }
}
