import LogoutTokens
import Testing

@Suite("Key-encryption key")
struct KeyEncryptionKeyTests {
    @Test("32 bytes of standard base64 are a key; its id is the start of its SHA-256")
    func reads() throws {
        let bytes = [UInt8](repeating: 7, count: 32)
        let key = try KeyEncryptionKey(base64: Base64.encode(bytes))
        #expect(key.id == Array(Digests.sha256(bytes).prefix(8)))
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", "AAAA", Base64.encode([UInt8](repeating: 7, count: 31)),
            Base64.encode([UInt8](repeating: 7, count: 33)),
            Base64.urlEncode([UInt8](repeating: 7, count: 32)),
            Base64.encode([UInt8](repeating: 7, count: 32)) + "\n",
            Base64.urlEncode([UInt8](repeating: 0xFF, count: 32)) + "=",
        ]
    )
    func refuses(text: String) {
        #expect(throws: KeyError.keyEncryptionKeyMalformed) { try KeyEncryptionKey(base64: text) }
    }

    @Test("printing and dumping show the id alone")
    func redacted() throws {
        let key = try KeyEncryptionKey(base64: Base64.encode([UInt8](repeating: 7, count: 32)))
        #expect("\(key)" == "KeyEncryptionKey(4bb06f8e4e3a7715)")
        var dumped = ""
        dump(key, to: &dumped)
        #expect(!dumped.contains("7\n    - 7"))
    }
}
