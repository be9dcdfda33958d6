import LogoutTokens
import Testing

@Suite("Key ring")
struct KeyRingTests {
    let old: KeyEncryptionKey
    let new: KeyEncryptionKey
    let key: SigningKey
    let secret: WebhookSecret

    init() throws {
        old = try KeyEncryptionKey(base64: Base64.encode(Array(0..<32)))
        new = try KeyEncryptionKey(base64: Base64.encode(Array(32..<64)))
        key = try SigningKey(PrivateKey(jwk: JWKMembers(KeyFixtures.rsa)), kid: "k1")
        secret = try #require(WebhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
    }

    @Test("it opens with whichever of its keys a seal names, and with no other")
    func opens() throws {
        for sealedUnder in [old, new] {
            let sealed = try SealedKey(sealing: key, issuerID: [1], under: sealedUnder)
            for ring in [KeyRing(new, previous: [old]), KeyRing(old, previous: [new])] {
                let opened = try sealed.open(issuerID: [1], kid: "k1", algorithm: .rs256, with: ring)
                #expect(opened.privateKey.thumbprint == key.privateKey.thumbprint)
            }
        }
        let sealed = try SealedKey(sealing: key, issuerID: [1], under: old)
        #expect(throws: KeyError.sealedUnderAnotherKey(id: old.hexID)) {
            try sealed.open(issuerID: [1], kid: "k1", algorithm: .rs256, with: KeyRing(new))
        }
        let stored = try secret.sealed(issuerID: [1], under: old).bytes
        let opened = try WebhookSecret(opening: stored, issuerID: [1], with: KeyRing(new, previous: [old]))
        let body = Array("body".utf8)
        #expect(
            opened.signature(id: "m", timestamp: 1, body: body)
                == secret.signature(id: "m", timestamp: 1, body: body)
        )
    }

    @Test("sealed anew, a private key opens under the current key, and only in its own row")
    func resealsKey() throws {
        let sealed = try SealedKey(sealing: key, issuerID: [1], under: old)
        let ring = KeyRing(new, previous: [old])
        let again = try #require(
            try sealed.resealed(issuerID: [1], kid: "k1", algorithm: .rs256, with: ring)
        )
        #expect(again.keyID == new.id)
        let opened = try SealedKey(bytes: again.bytes)
            .open(issuerID: [1], kid: "k1", algorithm: .rs256, under: new)
        #expect(opened.privateKey.thumbprint == key.privateKey.thumbprint)
        #expect(throws: KeyError.sealBroken) {
            try SealedKey(bytes: again.bytes).open(issuerID: [2], kid: "k1", algorithm: .rs256, under: new)
        }
        // What is under the current key is left as it is, and what was moved is not made to look genuine.
        #expect(
            try SealedKey(bytes: again.bytes)
                .resealed(issuerID: [1], kid: "k1", algorithm: .rs256, with: ring) == nil
        )
        #expect(throws: KeyError.sealBroken) {
            try sealed.resealed(issuerID: [2], kid: "k1", algorithm: .rs256, with: ring)
        }
        #expect(throws: KeyError.sealedUnderAnotherKey(id: old.hexID)) {
            try sealed.resealed(issuerID: [1], kid: "k1", algorithm: .rs256, with: KeyRing(new))
        }
    }

    @Test("sealed anew, a webhook's secret signs as before")
    func resealsSecret() throws {
        let stored = try secret.sealed(issuerID: [1], under: old).bytes
        let ring = KeyRing(new, previous: [old])
        let again = try #require(try WebhookSecret.resealed(stored, issuerID: [1], with: ring))
        let opened = try WebhookSecret(opening: again.bytes, issuerID: [1], under: new)
        #expect(
            opened.signature(id: "m", timestamp: 1, body: [])
                == secret.signature(id: "m", timestamp: 1, body: [])
        )
        #expect(try WebhookSecret.resealed(again.bytes, issuerID: [1], with: ring) == nil)
        #expect(throws: KeyError.sealedFormat) {
            try WebhookSecret.resealed([1, 2, 3], issuerID: [1], with: ring)
        }
    }

    @Test("a sealing key seals what the ring opens")
    func sealingKey() throws {
        let sealed = try SealedKey(sealing: key, issuerID: [1], under: SealingKey(new))
        #expect(sealed.sealed.keyID == new.id)
        _ = try sealed.open(issuerID: [1], kid: "k1", algorithm: .rs256, with: KeyRing(new))
    }

    @Test("nothing that holds a key prints it")
    func secrecy() {
        let ring = KeyRing(new, previous: [old])
        #expect("\(ring)" == "KeyRing(\(new.hexID), \(old.hexID))")
        #expect("\(SealingKey(new))" == "SealingKey(\(new.hexID))")
        #expect(ring.opens(keyID: old.hexID) && !KeyRing(new).opens(keyID: old.hexID))
    }
}
