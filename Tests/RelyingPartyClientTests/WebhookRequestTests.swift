import DeliveryPolicy
import LastcallTestKit
import RelyingPartyClient
import Testing

@Suite("What the receiver of a webhook gets")
struct WebhookRequestTests {
    private func webhook(_ url: String, _ headers: WebhookHeaders, rule: AddressRule = Harness.loopback)
        -> LogoutRequest
    {
        LogoutRequest(
            lane: 1,
            url: url,
            body: Array(#"{"type":"x"}"#.utf8),
            webhook: headers,
            timeout: Harness.ample,
            rule: rule
        )
    }

    @Test("the request is these bytes and no others, and a logout token behind it is what it always was")
    func exactBytes() async throws {
        let server = try Harness.server()
        let headers = try #require(
            WebhookHeaders(id: "an-id", timestamp: 1_900_000_000, signature: "v1,abc+/=")
        )
        try await Harness.withClient { client in
            #expect(await client.post(webhook(server.uri("/hook?a=%2F"), headers)).status == 200)
            #expect(await client.post(Harness.request(server.uri("/logout"))).status == 200)
        }
        let heads = server.received.map { String(decoding: $0.head, as: UTF8.self) }
        try #require(heads.count == 2)
        #expect(
            heads[0] == """
                POST /hook?a=%2F HTTP/1.1\r
                Host: 127.0.0.1:\(server.port)\r
                User-Agent: Lastcall/0.0.1\r
                Accept: */*\r
                Content-Type: application/json\r
                webhook-id: an-id\r
                webhook-timestamp: 1900000000\r
                webhook-signature: v1,abc+/=\r
                Content-Length: 12\r
                \r

                """
        )
        #expect(server.received[0].body == Array(#"{"type":"x"}"#.utf8))
        #expect(
            heads[1] == """
                POST /logout HTTP/1.1\r
                Host: 127.0.0.1:\(server.port)\r
                User-Agent: Lastcall/0.0.1\r
                Accept: */*\r
                Content-Length: 27\r
                Content-Type: application/x-www-form-urlencoded\r
                \r

                """
        )
    }

    @Test(
        "a value that could end its line, or is none, makes no headers",
        arguments: [
            ("a", "b", true), ("", "b", false), ("a", "", false), ("a\r\nX: y", "b", false),
            ("a", "b\n", false),
            ("a b", "b", false), ("a", "\u{7f}", false), ("é", "b", false),
            (String(repeating: "a", count: 255), "b", true),
            (String(repeating: "a", count: 256), "b", false),
        ]
    )
    func values(id: String, signature: String, isAllowed: Bool) {
        #expect((WebhookHeaders(id: id, timestamp: 1, signature: signature) != nil) == isAllowed)
    }

    @Test("an address that the rule closes is not called for a webhook either")
    func blocked() async throws {
        let server = try Harness.server()
        let headers = try #require(WebhookHeaders(id: "i", timestamp: 1, signature: "v1,s"))
        let answer = try await Harness.withClient { client in
            await client.post(webhook(server.uri(), headers, rule: AddressRule()))
        }
        guard case .blockedAddress? = answer.failure else {
            Issue.record("\(answer.ending)")
            return
        }
        #expect(server.received.isEmpty)
    }
}
