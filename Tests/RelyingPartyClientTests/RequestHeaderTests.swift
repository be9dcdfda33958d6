import LastcallTestKit
import RelyingPartyClient
import Testing

@Suite("Headers that a request may have besides")
struct RequestHeaderTests {
    private static let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    private func request(_ url: String, parent: String?) -> LogoutRequest {
        LogoutRequest(
            lane: 1,
            url: url,
            body: Array("logout_token=x".utf8),
            traceParent: parent,
            timeout: Harness.ample,
            rule: Harness.loopback
        )
    }

    @Test("a logout token's request has a traceparent where it is given one, and only there")
    func traceParent() async throws {
        let server = try Harness.server()
        try await Harness.withClient { client in
            for parent in [Self.parent, nil, "00-1\r\nX: y", String(repeating: "1", count: 65)] {
                #expect(await client.post(request(server.uri(), parent: parent)).status == 200)
            }
        }
        #expect(server.received.map { $0.values(of: "traceparent") } == [[Self.parent], [], [], []])
        #expect(server.received.allSatisfy { $0.values(of: "x").isEmpty })
    }

    @Test("the operator's own headers go out, and nothing else does that a file could say")
    func fields() async throws {
        let good = try #require(SignerHeaders(fields: [("Authorization", "Basic abc="), ("x-team", "a b")]))
        let server = try Harness.server()
        try await Harness.withClient { client in
            let call = LogoutRequest(
                lane: 1,
                url: server.uri(),
                body: [0x7B, 0x7D],
                signer: good,
                timeout: Harness.ample,
                rule: Harness.loopback
            )
            #expect(await client.post(call).status == 200)
        }
        let received = try #require(server.received.first)
        #expect(received.values(of: "authorization") == ["Basic abc="])
        #expect(received.values(of: "x-team") == ["a b"])
        #expect(received.values(of: "content-type") == ["application/json"])
        for (name, value) in [
            ("", "a"), ("a", ""), ("a b", "c"), ("a:", "c"), ("a", "b\r\nc: d"), ("a", "b\u{7F}"), ("a", "é"),
            ("Host", "other.example"), ("content-length", "1"), ("Transfer-Encoding", "chunked"),
            ("a", String(repeating: "b", count: 4_096)),
        ] {
            #expect(SignerHeaders(fields: [(name, value)]) == nil, "\(name)")
        }
        #expect(!"\(good)".contains("abc"))
    }
}
