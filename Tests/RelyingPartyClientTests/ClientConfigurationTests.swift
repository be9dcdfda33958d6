import LastcallTestKit
import RelyingPartyClient
import Testing

@Suite("Client configuration")
struct ClientConfigurationTests {
    @Test(
        "a name that could break the headers is refused",
        arguments: [
            ("Lastcall/1.0 (x)", true), ("", false), ("a\r\nX: y", false), ("caf\u{e9}", false),
            ("a\u{7f}", false),
        ]
    )
    func userAgent(text: String, fine: Bool) throws {
        let configuration = ClientConfiguration(userAgent: text)
        if fine {
            _ = try RelyingPartyClient(configuration)
        } else {
            #expect(throws: RelyingPartyClientError.invalidSetting("userAgent")) {
                try RelyingPartyClient(configuration)
            }
        }
    }

    @Test("a file of authorities that cannot be read is named")
    func caFile() {
        var configuration = ClientConfiguration(userAgent: "Lastcall/1")
        configuration.caFile = "/nowhere/ca.pem"
        #expect(throws: RelyingPartyClientError.unreadableCAFile("/nowhere/ca.pem")) {
            try RelyingPartyClient(configuration)
        }
    }

    @Test(
        "limits have ranges",
        arguments: [
            (-1, 1, 1, 1, "bodyLimit"), (0, 0, 1, 1, "headerLimit"), (0, 1, 0, 1, "maximumConnections"),
            (0, 1, 1_000_001, 1, "maximumConnections"), (0, 1, 1, 0, "lookupThreads"),
            (0, 1, 1, 1_025, "lookupThreads"),
            (0, 1, 1, 1, nil), (0, 1, 1_000_000, 1_024, nil),
        ] as [(Int, Int, Int, Int, String?)]
    )
    func limits(body: Int, header: Int, connections: Int, threads: Int, wrong: String?) throws {
        var configuration = ClientConfiguration(userAgent: "Lastcall/1")
        configuration.bodyLimit = body
        configuration.headerLimit = header
        configuration.maximumConnections = connections
        configuration.lookupThreads = threads
        if let wrong {
            #expect(throws: RelyingPartyClientError.invalidSetting(wrong)) {
                try RelyingPartyClient(configuration)
            }
        } else {
            _ = try RelyingPartyClient(configuration)
        }
    }

    @Test("the system's authorities do not trust the test authority")
    func systemAuthorities() async throws {
        let server = try Harness.server()
        let answer = try await Harness.withClient {
            $0.caFile = nil
        } _: { client in
            await client.post(Harness.request(server.uri()))
        }
        #expect(answer.failure == .tlsFailure)
    }
}
