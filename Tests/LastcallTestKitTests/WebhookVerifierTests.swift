import LastcallTestKit
import Testing

@Suite("Webhook verifier")
struct WebhookVerifierTests {
    // The example of the reference implementation, https://github.com/standard-webhooks/standard-webhooks.
    static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    static let id = "msg_p5jXN8AQM9LWM0D4loKWxJek"
    static let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    static let body = Array(#"{"test": 2432232314}"#.utf8)
    static let time: Int64 = 1_614_265_330

    @Test("the published example verifies")
    func example() throws {
        let message = try WebhookVerifier(secret: Self.secret).verify(
            id: Self.id,
            timestamp: "\(Self.time)",
            signature: Self.signature,
            body: Self.body,
            now: Self.time
        )
        #expect(message.id == Self.id && message.timestamp == Self.time && message.body == Self.body)
    }

    @Test("a message of which anything is different does not")
    func altered() throws {
        let verifier = try WebhookVerifier(secret: Self.secret)
        func verify(
            id: String = Self.id,
            time: Int64 = Self.time,
            signature: String = Self.signature,
            body: [UInt8] = Self.body
        )
            throws
        {
            _ = try verifier.verify(id: id, timestamp: "\(time)", signature: signature, body: body, now: time)
        }
        let wrong = WebhookVerifier.Defect.signature
        #expect(throws: wrong) { try verify(id: "msg_other") }
        #expect(throws: wrong) { try verify(time: Self.time + 1) }
        #expect(throws: wrong) { try verify(signature: String(Self.signature.dropFirst(3))) }
        #expect(throws: wrong) { try verify(body: Self.body + [0x20]) }
        #expect(throws: WebhookVerifier.Defect.secret) {
            try WebhookVerifier(secret: "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        }
    }

    @Test("a time is believed for five minutes on both sides", arguments: [(300, true), (301, false)])
    func tolerance(seconds: Int64, isBelieved: Bool) throws {
        let verifier = try WebhookVerifier(secret: Self.secret)
        for now in [Self.time - seconds, Self.time + seconds] {
            let message = try? verifier.verify(
                id: Self.id,
                timestamp: "\(Self.time)",
                signature: Self.signature,
                body: Self.body,
                now: now
            )
            #expect((message != nil) == isBelieved)
        }
    }
}
