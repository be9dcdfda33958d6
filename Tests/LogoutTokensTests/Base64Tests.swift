import LogoutTokens
import Testing

@Suite("Base64")
struct Base64Tests {
    /// RFC 4648 §10, and one value for each symbol that the two alphabets do not share.
    @Test(
        "both forms give the published values and read them again",
        arguments: [
            ("f", "Zg==", "Zg"), ("fo", "Zm8=", "Zm8"), ("foo", "Zm9v", "Zm9v"),
            ("foob", "Zm9vYg==", "Zm9vYg"), ("fooba", "Zm9vYmE=", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy", "Zm9vYmFy"),
            ("~~?", "fn4/", "fn4_"), ("~~>", "fn4+", "fn4-"),
        ]
    )
    func published(text: String, standard: String, url: String) throws {
        let bytes = Array(text.utf8)
        #expect(Base64.encode(bytes) == standard)
        #expect(Base64.urlEncode(bytes) == url)
        #expect(try Base64.decode(standard) == bytes)
        #expect(try Base64.urlDecode(url) == bytes)
    }

    @Test("every byte survives at every offset")
    func roundTrip() throws {
        for offset in 0..<3 {
            let bytes = [UInt8](repeating: 0xA5, count: offset) + Array(0...255)
            #expect(try Base64.urlDecode(Base64.urlEncode(bytes)) == bytes)
            #expect(try Base64.decode(Base64.encode(bytes)) == bytes)
        }
    }

    @Test(
        "the URL-safe form refuses every other spelling",
        arguments: [
            ("", Base64Error.length(0)), ("Z", .length(1)), ("Zm9vY", .length(5)),
            ("Zg==", .character(at: 2)), ("fn4/", .character(at: 3)), ("fn4+", .character(at: 3)),
            ("Zm 9", .character(at: 2)), ("Zm9v\n", .length(5)), ("\nZg", .character(at: 0)),
            ("Zh", .trailingBits), ("Zm9", .trailingBits), ("Zm\u{E9}", .character(at: 2)),
        ]
    )
    func refusesURL(text: String, expected: Base64Error) {
        #expect(throws: expected) { try Base64.urlDecode(text) }
    }

    @Test(
        "the standard form refuses every other spelling",
        arguments: [
            ("", Base64Error.length(0)), ("Zg", .length(2)), ("Zg=", .length(3)), ("====", .character(at: 0)),
            ("=Zg=", .character(at: 0)), ("Zg==Zg==", .character(at: 2)), ("fn4_", .character(at: 3)),
            ("Zh==", .trailingBits), ("Zm9=", .trailingBits), ("Z===", .character(at: 1)),
            ("Zm9v\n\n\n\n", .character(at: 4)),
        ]
    )
    func refusesStandard(text: String, expected: Base64Error) {
        #expect(throws: expected) { try Base64.decode(text) }
    }
}
