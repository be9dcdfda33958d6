import DeliveryPolicy
import LastcallTestKit
import RelyingPartyClient
import Testing

@Suite("What a receiver of Security Event Tokens gets")
struct PushRequestTests {
    static let credential = "Bearer secret.of-the/receiver+0123=="

    private func push(_ url: String, _ headers: PushHeaders, rule: AddressRule = Harness.loopback)
        -> LogoutRequest
    {
        LogoutRequest(
            lane: 1,
            url: url,
            body: Array("eyJh.eyJp.c2ln".utf8),
            push: headers,
            timeout: Harness.ample,
            rule: rule
        )
    }

    @Test("the request is these bytes and no others, and a logout token behind it carries no credential")
    func exactBytes() async throws {
        let server = try Harness.server(standing: .status(202))
        let headers = try #require(PushHeaders(authorization: Self.credential))
        let bare = try #require(PushHeaders(authorization: nil))
        try await Harness.withClient { client in
            #expect(await client.post(push(server.uri("/events?a=%2F"), headers)).status == 202)
            #expect(await client.post(push(server.uri("/events"), bare)).status == 202)
            #expect(await client.post(Harness.request(server.uri("/logout"))).status == 202)
        }
        let heads = server.received.map { String(decoding: $0.head, as: UTF8.self) }
        try #require(heads.count == 3)
        func expected(_ target: String, _ authorization: String) -> String {
            """
            POST \(target) HTTP/1.1\r
            Host: 127.0.0.1:\(server.port)\r
            User-Agent: Lastcall/0.0.1\r
            Content-Type: application/secevent+jwt\r
            Accept: application/json\r
            \(authorization)Content-Length: 14\r
            \r

            """
        }
        #expect(heads[0] == expected("/events?a=%2F", "Authorization: \(Self.credential)\r\n"))
        #expect(heads[1] == expected("/events", ""))
        #expect(!heads[2].contains("Authorization") && heads[2].contains("x-www-form-urlencoded"))
        #expect(server.received[0].body == Array("eyJh.eyJp.c2ln".utf8))
    }

    @Test("a 400 is explained by err and description, and by nothing else")
    func explained() async throws {
        let server = try Harness.server()
        let json = ["Content-Type: application/json"]
        server.script(
            .status(400, headers: json, body: #"{"err":"invalid_audience","description":"not us"}"#),
            .status(400, headers: json, body: #"{"error":"invalid_request","error_description":"x"}"#),
            .status(400, headers: ["Content-Type: text/plain"], body: #"{"err":"invalid_key"}"#),
            .status(401, headers: json, body: #"{"err":"invalid_key"}"#)
        )
        let headers = try #require(PushHeaders(authorization: nil))
        try await Harness.withClient { client in
            let first = await client.post(push(server.uri(), headers))
            #expect(first.error == "invalid_audience" && first.errorDescription == "not us")
            for _ in 1...3 {
                let other = await client.post(push(server.uri(), headers))
                #expect(other.error == nil && other.errorDescription == nil)
            }
        }
        let body = #"{"err":"invalid_key","description":"x"}"#
        server.script(.status(400, headers: json, body: body))
        let token = try await Harness.withClient { await $0.post(Harness.request(server.uri())) }
        #expect(token.status == 400 && token.error == nil)
    }

    @Test(
        "a receiver that echoes its credential is not quoted with it",
        arguments: [
            ("no: Bearer secret.of-the/receiver+0123== !", "no: [redacted] !"),
            ("secret.of-the/receiver+0123==", "[redacted]"), ("Bearer nobody", "Bearer nobody"),
            ("xsecret.of-the/receiver+0123==secret.of-the/receiver+0123==", "x[redacted][redacted]"),
            ("secret.of-the", "secret.of-the"),
        ]
    )
    func echo(text: String, kept: String) async throws {
        let server = try Harness.server(
            standing: .status(
                400,
                headers: ["Content-Type: application/json"],
                body: #"{"err":"\#(text)","description":"\#(text)"}"#
            )
        )
        let headers = try #require(PushHeaders(authorization: Self.credential))
        let answer = try await Harness.withClient { await $0.post(push(server.uri(), headers)) }
        #expect(answer.error == kept && answer.errorDescription == kept)
    }

    @Test(
        "a credential that could end its line, or is none, makes no headers",
        arguments: [
            ("Bearer x", true), ("", false), ("Bearer x\r\nX: y", false), ("Bearer x\n", false),
            ("Bearer \u{0}", false), ("Bearer é", false), (String(repeating: "a", count: 2_048), true),
            (String(repeating: "a", count: 2_049), false),
        ]
    )
    func values(authorization: String, isAllowed: Bool) {
        #expect((PushHeaders(authorization: authorization) != nil) == isAllowed)
    }

    @Test("nothing of a credential shows where headers, or a request with them, are printed")
    func secrecy() throws {
        let headers = try #require(PushHeaders(authorization: Self.credential))
        var dumped = ""
        dump(push("https://rp.example/", headers), to: &dumped)
        for shown in [
            "\(headers)", String(reflecting: headers), "\(push("https://rp.example/", headers))", dumped,
        ] {
            #expect(!shown.contains("receiver") && !shown.contains("Bearer"), "\(shown)")
        }
    }

    @Test("a redirect is not followed, and an address that the rule closes is not called")
    func refused() async throws {
        let other = try Harness.server()
        let server = try Harness.server(standing: .redirect(to: other.uri()))
        let headers = try #require(PushHeaders(authorization: Self.credential))
        let (moved, blocked) = try await Harness.withClient { client in
            let moved = await client.post(push(server.uri(), headers))
            return (moved, await client.post(push(server.uri(), headers, rule: AddressRule())))
        }
        #expect(moved.status == 302 && other.received.isEmpty)
        guard case .blockedAddress? = blocked.failure else {
            Issue.record("\(blocked.ending)")
            return
        }
        #expect(server.received.count == 1)
    }
}
