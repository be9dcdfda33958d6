import LogoutTokens
import Testing

/// What the RFCs work out by hand, with the keys and vectors that they publish.
@Suite("Encryption: the RFCs' examples")
struct EncryptionVectorTests {
    private func bytes(_ hex: String) -> [UInt8] {
        let digits = hex.filter { !$0.isWhitespace }
        return stride(from: 0, to: digits.count, by: 2).compactMap { place in
            UInt8(digits.dropFirst(place).prefix(2), radix: 16)
        }
    }

    /// RFC 7518 appendix B: the same text in both.
    private static let principle = """
        41 20 63 69 70 68 65 72 20 73 79 73 74 65 6d 20 6d 75 73 74 20 6e 6f 74 20 62 65 20 72 65 71 75 69 72 65 64 20 74 6f
        20 62 65 20 73 65 63 72 65 74 2c 20 61 6e 64 20 69 74 20 6d 75 73 74 20 62 65 20 61 62 6c 65 20 74 6f 20 66 61 6c 6c
        20 69 6e 74 6f 20 74 68 65 20 68 61 6e 64 73 20 6f 66 20 74 68 65 20 65 6e 65 6d 79 20 77 69 74 68 6f 75 74 20 69 6e
        63 6f 6e 76 65 6e 69 65 6e 63 65
        """
    private static let author = """
        54 68 65 20 73 65 63 6f 6e 64 20 70 72 69 6e 63 69 70 6c 65 20 6f 66 20 41 75 67 75 73 74 65 20 4b 65 72 63 6b 68 6f
        66 66 73
        """
    private static let vector = "1a f3 8c 2d c2 b9 6f fd d8 66 94 09 23 41 bc 04"

    @Test("A128CBC-HS256 is RFC 7518 B.1")
    func smallCBC() throws {
        let sealed = try ContentEncryption.a128CBCHS256.seal(
            bytes(Self.principle),
            key: Array(0..<32),
            iv: bytes(Self.vector),
            authenticated: bytes(Self.author)
        )
        #expect(
            sealed.ciphertext
                == bytes(
                    """
                    c8 0e df a3 2d df 39 d5 ef 00 c0 b4 68 83 42 79 a2 e4 6a 1b 80 49 f7 92 f7 6b fe 54 b9 03 a9 c9
                    a9 4a c9 b4 7a d2 65 5c 5f 10 f9 ae f7 14 27 e2 fc 6f 9b 3f 39 9a 22 14 89 f1 63 62 c7 03 23 36
                    09 d4 5a c6 98 64 e3 32 1c f8 29 35 ac 40 96 c8 6e 13 33 14 c5 40 19 e8 ca 79 80 df a4 b9 cf 1b
                    38 4c 48 6f 3a 54 c5 10 78 15 8e e5 d7 9d e5 9f bd 34 d8 48 b3 d6 95 50 a6 76 46 34 44 27 ad e5
                    4b 88 51 ff b5 98 f7 f8 00 74 b9 47 3c 82 e2 db
                    """
                )
        )
        #expect(sealed.tag == bytes("65 2c 3f a3 6b 0a 7c 5b 32 19 fa b3 a3 0b c1 c4"))
    }

    @Test("A256CBC-HS512 is RFC 7518 B.3")
    func largeCBC() throws {
        let sealed = try ContentEncryption.a256CBCHS512.seal(
            bytes(Self.principle),
            key: Array(0..<64),
            iv: bytes(Self.vector),
            authenticated: bytes(Self.author)
        )
        #expect(sealed.ciphertext.starts(with: bytes("4a ff aa ad b7 8c 31 c5 da 4b 1b 59 0d 10 ff bd")))
        #expect(
            sealed.tag
                == bytes(
                    """
                    4d d3 b4 c0 88 a7 f4 5c 21 68 39 64 5b 20 12 bf 2e 62 69 a8 c5 6a 81 6d bc 1b 26 77 61 95 5b c5
                    """
                )
        )
    }

    @Test("A256GCM is RFC 7516 A.1")
    func gcm() throws {
        let key: [UInt8] = [
            177, 161, 244, 128, 84, 143, 225, 115, 63, 180, 3, 255, 107, 154, 212, 246, 138, 7, 110, 91, 112,
            46, 34, 105,
            47, 130, 203, 46, 122, 234, 64, 252,
        ]
        let sealed = try ContentEncryption.a256GCM.seal(
            Array("The true sign of intelligence is not knowledge but imagination.".utf8),
            key: key,
            iv: [227, 197, 117, 252, 2, 219, 233, 68, 180, 225, 77, 219],
            authenticated: Array("eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ".utf8)
        )
        #expect(
            Base64.urlEncode(sealed.ciphertext)
                == "5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6jiSdiwkIr3ajwQzaBtQD_A"
        )
        #expect(Base64.urlEncode(sealed.tag) == "XFBoMYUZodetZdvTiFvSkQ")
    }

    @Test("a key is wrapped as RFC 7516 A.3 and RFC 3394 §4.6 say")
    func keyWrap() throws {
        let key: [UInt8] = [
            4, 211, 31, 197, 84, 157, 252, 254, 11, 100, 157, 250, 63, 170, 106, 206, 107, 124, 212, 45, 111,
            107, 9,
            219, 200, 177, 0, 240, 143, 156, 44, 207,
        ]
        let wrapping = try Base64.urlDecode("GawgguFyGrWKav7AX4VKUg")
        #expect(
            Base64.urlEncode(try KeyWrap.wrap(key, with: wrapping))
                == "6KB707dM9YTIgHtLvtgWQ8mKwboJW3of9locizkDTHzBC2IlrT1oOQ"
        )
        let wrapped = try KeyWrap.wrap(
            bytes("00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F"),
            with: bytes("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F")
        )
        #expect(
            wrapped
                == bytes("28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21")
        )
    }

    @Test("a key is derived as RFC 7518 appendix C says")
    func derivation() {
        let secret: [UInt8] = [
            158, 86, 217, 29, 129, 113, 53, 211, 114, 131, 66, 131, 191, 132, 38, 156, 251, 49, 110, 163, 218,
            128, 106,
            72, 246, 218, 167, 121, 140, 254, 144, 196,
        ]
        let key = ConcatKDF.key(
            from: secret,
            for: "A128GCM",
            bytes: 16,
            partyU: Array("Alice".utf8),
            partyV: Array("Bob".utf8)
        )
        #expect(Base64.urlEncode(key) == "VqqN6vgjbSBcIijNcacQGg")
    }

    @Test(
        "a key or a vector of another length is refused, not read beyond its end",
        arguments: [0, 15, 17, 31]
    )
    func lengths(count: Int) {
        #expect(throws: KeyError.self) {
            try ContentEncryption.a128GCM.seal(
                [1],
                key: Array(repeating: 0, count: count),
                iv: Array(repeating: 0, count: 12),
                authenticated: []
            )
        }
        #expect(throws: KeyError.self) {
            try ContentEncryption.a128CBCHS256.seal(
                [1],
                key: Array(0..<32),
                iv: Array(repeating: 0, count: count),
                authenticated: []
            )
        }
    }
}
