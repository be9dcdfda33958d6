import StrictJSON
import Testing

@Suite("Bytes of strings")
struct SameBytesTests {
    @Test(
        "strings are the same only byte for byte",
        arguments: [
            ("", "", true), ("a", "a", true), ("a", "b", false), ("a", "aa", false),
            ("\u{E9}", "\u{E9}", true),
            ("\u{E9}", "e\u{301}", false), ("\u{212B}", "\u{C5}", false), ("a", "A", false),
        ]
    )
    func compares(left: String, right: String, expected: Bool) {
        #expect(sameBytes(left, right) == expected)
    }

    @Test(
        "control characters are C0, DEL and C1, and nothing beside them",
        arguments: [
            (0x01, true), (0x1F, true), (0x20, false), (0x7E, false), (0x7F, true), (0x80, true),
            (0x9F, true), (0xA0, false),
            (0xBF, false), (0xC2, false), (0x282, false), (0x2028, false),
        ] as [(UInt32, Bool)]
    )
    func controls(value: UInt32, expected: Bool) throws {
        let scalar = try #require(Unicode.Scalar(value))
        #expect(hasControlCharacter("a\(scalar)b") == expected)
    }
}
