import LogoutTokens
import Testing

@Suite("Authorization headers")
struct AuthorizationHeaderTests {
    static let text = "Bearer opaque-credential-0123456789"
    let ring: KeyRing
    let owner = AuthorizationHeader.Owner(issuer: "op", clientID: "rp", url: "https://rp.example/events")

    init() throws {
        ring = KeyRing(try KeyEncryptionKey(base64: Base64.encode(Array(repeating: 7, count: 32))))
    }

    @Test(
        "a value is a scheme and credentials of visible ASCII",
        arguments: [
            ("Bearer x", true), ("Basic dXNlcjpwYXNz", true), ("a-b! ~", true),
            ("Digest username=\"u\", realm=\"r\"", true), ("", false), ("Bearer", false), ("Bearer ", false),
            (" x", false), ("Bearer  x", false), ("Bearer x ", false), ("Bearer\tx", false),
            ("Bea:rer x", false),
            ("Bearer x\r\nX: y", false), ("Bearer x\n", false), ("Bearer \u{0}", false), ("Bearer é", false),
            ("Bearer \u{7f}", false), ("Bearer " + String(repeating: "x", count: 2_041), true),
            ("Bearer " + String(repeating: "x", count: 2_042), false),
        ]
    )
    func form(text: String, isHeader: Bool) {
        #expect((AuthorizationHeader(text)?.reveal() == text) == isHeader)
    }

    @Test("a sealed header opens for its client and its URL under its key, and nowhere else")
    func sealed() throws {
        let header = try #require(AuthorizationHeader(Self.text))
        let stored = try header.sealed(for: owner, under: SealingKey(ring.current)).bytes
        #expect(try AuthorizationHeader(opening: stored, of: owner, with: ring).reveal() == Self.text)
        for (issuer, clientID, url) in [
            ("other", "rp", "https://rp.example/events"), ("op", "other", "https://rp.example/events"),
            ("op", "rp", "https://rp.example/other"), ("oprp", "", "https://rp.example/events"),
        ] {
            let other = AuthorizationHeader.Owner(issuer: issuer, clientID: clientID, url: url)
            #expect(throws: KeyError.sealBroken) {
                try AuthorizationHeader(opening: stored, of: other, with: ring)
            }
        }
        #expect(throws: KeyError.sealBroken) {
            try WebhookSecret(opening: stored, issuerID: Array("op".utf8), with: ring)
        }
        #expect(throws: KeyError.sealedFormat) {
            try AuthorizationHeader(opening: [1], of: owner, with: ring)
        }
    }

    @Test("a header is sealed anew once, under the ring's current key")
    func resealed() throws {
        let stored = try #require(AuthorizationHeader(Self.text)).sealed(
            for: owner,
            under: SealingKey(ring.current)
        ).bytes
        let next = try KeyEncryptionKey(base64: Base64.encode(Array(repeating: 8, count: 32)))
        let later = KeyRing(next, previous: [ring.current])
        let new = try #require(try AuthorizationHeader.resealed(stored, of: owner, with: later)).bytes
        #expect(try AuthorizationHeader(opening: new, of: owner, with: KeyRing(next)).reveal() == Self.text)
        #expect(try AuthorizationHeader.resealed(new, of: owner, with: later) == nil)
    }

    @Test("nothing of a header shows where it is printed")
    func secrecy() throws {
        let header = try #require(AuthorizationHeader(Self.text))
        var dumped = ""
        dump(header, to: &dumped)
        for shown in ["\(header)", String(reflecting: header), dumped] {
            #expect(!shown.contains("opaque") && !shown.contains("Bearer"), "\(shown)")
        }
    }
}
