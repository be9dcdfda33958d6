import LogoutTokens
import Testing

@Suite("A key that somebody else holds")
struct ExternalKeyTests {
    private func claims() throws -> LogoutTokenClaims {
        try LogoutTokenClaims(
            iss: "https://op.example",
            aud: "rp",
            iat: 1_000,
            exp: 1_120,
            jti: "j",
            sub: "s",
            sid: nil
        )
    }

    @Test("its token is what a key of our own would have signed", arguments: SignatureAlgorithm.allCases)
    func token(algorithm: SignatureAlgorithm) throws {
        let privateKey = try PrivateKey.generate(for: algorithm)
        let external = try ExternalKey(privateKey.publicJWK(kid: "k"), reference: "r")
        let input = external.signingInput(try claims())
        let signer = TokenSigner()
        let token = try external.token(input, signature: signer.signature(of: input, with: privateKey))
        let own = try signer.sign(try claims(), with: SigningKey(privateKey, kid: "k"))
        let (got, expected) = (String(decoding: token, as: UTF8.self), String(decoding: own, as: UTF8.self))
        #expect(got.split(separator: ".").prefix(2) == expected.split(separator: ".").prefix(2))
        #expect(got.utf8.count == expected.utf8.count)
    }

    @Test(
        "a signature of another key, over other bytes, cut, padded or empty makes no token",
        arguments: SignatureAlgorithm.allCases
    )
    func wrong(algorithm: SignatureAlgorithm) throws {
        let privateKey = try PrivateKey.generate(for: algorithm)
        let external = try ExternalKey(privateKey.publicJWK(kid: "k"), reference: "r")
        let input = external.signingInput(try claims())
        let signer = TokenSigner()
        let good = try signer.signature(of: input, with: privateKey)
        var flipped = good
        flipped[good.count / 2] ^= 1
        let other = try signer.signature(of: input, with: PrivateKey.generate(for: algorithm))
        let elsewhere = try signer.signature(of: input + [0], with: privateKey)
        let bad = [flipped, other, elsewhere, Array(good.dropLast()), good + [0], []]
        for signature in bad {
            #expect(throws: SigningError.wrongSignature) { try external.token(input, signature: signature) }
        }
        _ = try external.token(input, signature: good)
    }

    @Test("a signer never takes a key for another one that has gone")
    func shortLivedKeys() throws {
        let signer = TokenSigner()
        for _ in 1...400 {
            let key = try PrivateKey.generate(for: .edDSA)
            let external = try ExternalKey(key.publicJWK(kid: "k"), reference: "r")
            let input = external.signingInput(try claims())
            _ = try external.token(input, signature: signer.signature(of: input, with: key))
        }
    }

    @Test("a public key that is weak or none is refused")
    func weak() throws {
        let point = ["kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "k", "x": zeros(32), "y": zeros(32)]
        #expect(throws: KeyError.inconsistent) {
            try ExternalKey(PublicJWK(JWKMembers(point)), reference: "r")
        }
        let n = Base64.urlEncode([0x80] + Array(repeating: 1, count: 127))
        let small = ["kty": "RSA", "alg": "RS256", "kid": "k", "n": n, "e": "AQAB"]
        #expect(throws: KeyError.rsaBits(1_024)) {
            try ExternalKey(PublicJWK(JWKMembers(small)), reference: "r")
        }
    }

    private func zeros(_ count: Int) -> String { Base64.urlEncode(Array(repeating: 0, count: count)) }
}

@Suite("PKCS#11 URI")
struct PKCS11URITests {
    @Test(
        "an object is named by path attributes, and nothing else is taken",
        arguments: [
            ("pkcs11:token=t;object=k;type=private", "pkcs11:token=t;object=k;type=private"),
            ("pkcs11:object=k", "pkcs11:object=k;type=private"),
            ("pkcs11:id=%01%fF", "pkcs11:id=%01%fF;type=private"),
            (
                "pkcs11:token=My%20token;serial=12;object=a.b-c_d~e",
                "pkcs11:token=My%20token;serial=12;object=a.b-c_d~e;type=private"
            ),
            ("pkcs11:object=k?pin-value=1234", nil), ("pkcs11:object=k?module-path=/x.so", nil),
            ("pkcs11:object=k?pin-source=file:/etc/passwd", nil), ("pkcs11:object=k;pin-value=1234", nil),
            ("pkcs11:object=k;module-path=%2fx.so", nil), ("pkcs11:object=k?", nil),
            ("pkcs11:object=k;object=l", nil), ("pkcs11:token=t", nil), ("pkcs11:", nil),
            ("pkcs11:object=", nil), ("pkcs11:object", nil), ("pkcs11:object=k;", nil),
            ("PKCS11:object=k", nil),
            ("pkcs11:object=k;type=public", nil), ("pkcs11:object=k;type=cert", nil),
            ("pkcs11:object=a b", nil),
            ("pkcs11:object=%", nil), ("pkcs11:object=%4", nil), ("pkcs11:object=%4g", nil),
            ("pkcs11:object=a%00", "pkcs11:object=a%00;type=private"), ("pkcs11:object=ü", nil),
            ("pkcs11:object=a\n", nil), ("pkcs11:object=a;x-vendor=1", nil), ("https://x", nil), ("", nil),
        ]
    )
    func reads(text: String, read: String?) {
        #expect(PKCS11URI(text)?.text == read)
    }

    @Test("it has a longest length, and can be read again", arguments: [(0, true), (1, false)])
    func length(more: Int, allowed: Bool) {
        let fixed = "pkcs11:object=;type=private".utf8.count
        let name = String(repeating: "k", count: PKCS11URI.maximumBytes - fixed + more)
        let uri = PKCS11URI("pkcs11:object=\(name)")
        #expect((uri != nil) == allowed)
        if let uri { #expect(PKCS11URI(uri.text) == uri) }
    }
}
