import LogoutTokens
import Testing

@Suite("Digests")
struct DigestsTests {
    /// FIPS 180-4, the examples "abc" and the empty message, as base64.
    @Test(
        "SHA-256 gives the published values",
        arguments: [
            ("", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
            ("abc", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="),
        ]
    )
    func published(text: String, digest: String) {
        #expect(Base64.encode(Digests.sha256(Array(text.utf8))) == digest)
    }

    /// RFC 4231, test cases 2 and 6: a short key, and one that is longer than a block.
    @Test(
        "HMAC-SHA256 gives the published values",
        arguments: [
            (
                Array("Jefe".utf8), "what do ya want for nothing?",
                "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM="
            ),
            (
                [UInt8](repeating: 0xAA, count: 131),
                "Test Using Larger Than Block-Size Key - Hash Key First",
                "YOQxWR7gtn8Niiaqy/W3f44LxiE3KMUUBUYEDw7jf1Q="
            ),
        ]
    )
    func publishedCodes(key: [UInt8], text: String, code: String) {
        #expect(Base64.encode(Digests.hmacSHA256(key: key, Array(text.utf8))) == code)
    }

    @Test(
        "equality is equality of bytes and length",
        arguments: [
            ([1, 2, 3], [1, 2, 3], true), ([], [], true), ([1, 2, 3], [1, 2, 4], false),
            ([1, 2, 3], [0, 2, 3], false), ([1, 2], [1, 2, 0], false), ([], [0], false),
        ] as [([UInt8], [UInt8], Bool)]
    )
    func equality(first: [UInt8], second: [UInt8], expected: Bool) {
        #expect(Digests.equal(first, second) == expected)
    }

    @Test(
        "random bytes have the length asked for",
        arguments: [(-1, 0), (0, 0), (1, 1), (32, 32), (1000, 1000)]
    )
    func randomLength(asked: Int, count: Int) throws {
        #expect(try Digests.randomBytes(asked).count == count)
    }

    @Test("random bytes differ from call to call")
    func randomDiffers() throws {
        #expect(try Digests.randomBytes(32) != Digests.randomBytes(32))
    }
}
