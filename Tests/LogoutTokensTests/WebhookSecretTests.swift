import LastcallTestKit
import LogoutTokens
import Testing

@Suite("Webhook secrets")
struct WebhookSecretTests {
    let key: KeyEncryptionKey

    init() throws {
        key = try KeyEncryptionKey(base64: Base64.encode(Array(repeating: 7, count: 32)))
    }

    private func text(_ count: Int) -> String {
        "whsec_" + Base64.encode(Array(repeating: 0xAB, count: count))
    }

    @Test(
        "a secret has 24 to 64 bytes",
        arguments: [(23, false), (24, true), (32, true), (64, true), (65, false)]
    )
    func lengths(count: Int, isSecret: Bool) {
        #expect((WebhookSecret(text(count)) != nil) == isSecret)
    }

    @Test(
        "a secret has its prefix, and strict base64 behind it",
        arguments: [
            "", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa-_",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw ", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwA",
        ]
    )
    func form(text: String) {
        #expect(WebhookSecret(text) == nil)
    }

    @Test("the signature is that of the published example")
    func example() throws {
        let secret = try #require(WebhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        let signature = secret.signature(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            timestamp: 1_614_265_330,
            body: Array(#"{"test": 2432232314}"#.utf8)
        )
        #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test("signatures of secrets of every length verify", arguments: [24, 32, 63, 64])
    func verifies(count: Int) throws {
        let secret = try #require(WebhookSecret(text(count)))
        let body = Array("{}".utf8)
        let message = try WebhookVerifier(secret: text(count)).verify(
            id: "a",
            timestamp: "1",
            signature: secret.signature(id: "a", timestamp: 1, body: body),
            body: body,
            now: 1
        )
        #expect(message.body == body)
    }

    @Test("a sealed secret opens for its issuer under its key, and nowhere else")
    func sealed() throws {
        let secret = try #require(WebhookSecret(text(32)))
        let sealed = try secret.sealed(issuerID: Array("op".utf8), under: key).bytes
        let opened = try WebhookSecret(opening: sealed, issuerID: Array("op".utf8), under: key)
        let body: [UInt8] = [1, 2, 3]
        #expect(
            opened.signature(id: "i", timestamp: 5, body: body)
                == secret.signature(id: "i", timestamp: 5, body: body)
        )
        #expect(throws: KeyError.sealBroken) {
            try WebhookSecret(opening: sealed, issuerID: Array("other".utf8), under: key)
        }
        let other = try KeyEncryptionKey(base64: Base64.encode(Array(repeating: 8, count: 32)))
        #expect(throws: KeyError.self) {
            try WebhookSecret(opening: sealed, issuerID: Array("op".utf8), under: other)
        }
        #expect(throws: KeyError.sealedFormat) {
            try WebhookSecret(opening: [1, 2], issuerID: Array("op".utf8), under: key)
        }
    }

    @Test("nothing of a secret shows where it is printed")
    func secrecy() throws {
        let secret = try #require(WebhookSecret(text(32)))
        var dumped = ""
        dump(secret, to: &dumped)
        for shown in ["\(secret)", String(reflecting: secret), dumped] {
            #expect(!shown.contains("171") && !shown.contains("q6ur"), "\(shown)")
        }
    }
}
