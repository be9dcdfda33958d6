import LogoutTokens
import Testing

@Suite("Sealed bytes")
struct SealedBytesTests {
    let key: KeyEncryptionKey
    let secret = Array("a webhook's secret".utf8)
    let context = Array("row 1".utf8)
    let sealed: SealedBytes

    init() throws {
        key = try KeyEncryptionKey(base64: Base64.encode(Array(0..<32)))
        sealed = try SealedBytes(sealing: secret, under: key, context: context)
    }

    @Test("what was sealed opens again, also after storage")
    func opens() throws {
        #expect(try sealed.open(under: key, context: context) == secret)
        #expect(try SealedBytes(bytes: sealed.bytes).open(under: key, context: context) == secret)
        #expect(sealed.bytes.count == 1 + 8 + 12 + secret.count + 16)
        #expect(sealed.keyID == key.id)
    }

    /// Sealed by an independent AES-GCM: key 00..1f, nonce 12 times 2a, this suite's context and secret.
    @Test("the stored format is the documented one")
    func format() throws {
        let text = "AWMNzSlmxDNmKioqKioqKioqKioq/B9w98Dk0XcNodCJu/ZuBwE8HMSVwHrPPH9XyiLTdbHpRg=="
        let stored = try SealedBytes(bytes: Base64.decode(text))
        #expect(try stored.open(under: key, context: context) == secret)
    }

    @Test("an empty secret and an empty context are allowed")
    func empty() throws {
        let nothing = try SealedBytes(sealing: [], under: key, context: [])
        #expect(try nothing.open(under: key, context: []) == [])
    }

    @Test("the same secret is never sealed alike")
    func freshNonce() throws {
        #expect(try SealedBytes(sealing: secret, under: key, context: context) != sealed)
    }

    @Test("another key is named instead of tried")
    func anotherKey() throws {
        let other = try KeyEncryptionKey(base64: Base64.encode([UInt8](repeating: 9, count: 32)))
        #expect(throws: KeyError.sealedUnderAnotherKey(id: "630dcd2966c43366")) {
            try sealed.open(under: other, context: context)
        }
    }

    @Test("another context does not open it", arguments: ["", "row 2", "row 1 ", "row "])
    func anotherContext(text: String) {
        #expect(throws: KeyError.sealBroken) { try sealed.open(under: key, context: Array(text.utf8)) }
    }

    @Test("a flipped bit anywhere is noticed")
    func flippedBits() throws {
        for index in sealed.bytes.indices {
            var bytes = sealed.bytes
            bytes[index] ^= 1
            #expect(throws: KeyError.self) {
                try SealedBytes(bytes: bytes).open(under: key, context: context)
            }
        }
    }

    @Test("cut short, it is refused before or at opening")
    func truncated() throws {
        let bytes = sealed.bytes
        for count in 0..<37 {
            #expect(throws: KeyError.sealedFormat) { try SealedBytes(bytes: Array(bytes.prefix(count))) }
        }
        for count in 37..<bytes.count {
            let cut = try SealedBytes(bytes: Array(bytes.prefix(count)))
            #expect(throws: KeyError.sealBroken) { try cut.open(under: key, context: context) }
        }
    }

    @Test("another version is refused", arguments: [0, 2, 255] as [UInt8])
    func version(number: UInt8) {
        #expect(throws: KeyError.sealedFormat) { try SealedBytes(bytes: [number] + sealed.bytes.dropFirst()) }
    }
}
