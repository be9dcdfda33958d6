import DeliveryPolicy
import LastcallTestKit
import RelyingPartyClient
import Testing

@Suite("Fetching a JWK Set")
struct KeySetRequestTests {
    @Test("a GET carries nothing of anybody's, and brings the document")
    func fetches() async throws {
        let server = try Harness.server()
        server.script(.status(200, headers: ["Cache-Control: max-age=600, public"], body: #"{"keys": []}"#))
        let answer = try await Harness.withClient { client in
            await client.get(Harness.fetch(server.uri("/jwks?a=%2F")))
        }
        #expect(answer.status == 200)
        let document = try #require(answer.document)
        #expect(document.body == Array(#"{"keys": []}"#.utf8))
        #expect(document.cacheControl == "max-age=600, public")
        let request = try #require(server.received.first)
        #expect(request.method == "GET" && request.target == "/jwks?a=%2F" && request.body.isEmpty)
        #expect(Set(request.headers.map { $0.name.lowercased() }) == ["host", "user-agent", "accept"])
        #expect(request.values(of: "Accept") == ["application/jwk-set+json, application/json"])
    }

    @Test("a handle that has posted a token fetches without it, and posts the next one whole")
    func noTokenLeaves() async throws {
        let server = try Harness.server()
        let token = "logout_token=eyJh.eyJp.c2ln"
        try await Harness.withClient { client in
            for _ in 0..<3 {
                #expect(await client.post(Harness.request(server.uri("/post"), body: token)).status == 200)
                #expect(await client.get(Harness.fetch(server.uri("/get"))).status == 200)
            }
        }
        for request in server.received {
            let isPost = request.target == "/post"
            #expect(request.method == (isPost ? "POST" : "GET"))
            #expect(String(decoding: request.body, as: UTF8.self) == (isPost ? token : ""))
            #expect(String(decoding: request.head, as: UTF8.self).contains("eyJh") == false)
        }
        #expect(server.received.count == 6)
    }

    @Test(
        "no document comes of another status, a redirect, too long a body or half of one",
        arguments: [
            ScriptedStep.status(404, body: "{}"), .status(201, body: "{}"), .status(500),
            .redirect(to: "/elsewhere"), .hugeBody(chunked: true), .hugeBody(chunked: false),
            .raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}"), .endlessHeaders, .closeAfterReading,
        ]
    )
    func noDocument(step: ScriptedStep) async throws {
        let server = try Harness.server(standing: step)
        let answer = try await Harness.withClient { client in await client.get(Harness.fetch(server.uri())) }
        #expect(answer.document == nil)
        #expect(server.received.count == 1)
    }

    @Test("a document is read to its cap and no further", arguments: [(100, true), (101, false)])
    func cap(bytes: Int, comes: Bool) async throws {
        let server = try Harness.server(standing: .status(200, body: String(repeating: "x", count: bytes)))
        let answer = try await Harness.withClient {
            $0.documentLimit = 100
        } _: { client in
            await client.get(Harness.fetch(server.uri()))
        }
        #expect((answer.document?.body.count == bytes) == comes)
    }

    @Test("the address rule, the scheme and the deadline hold as for a POST")
    func rules() async throws {
        let server = try Harness.server(standing: .hang)
        let plain = try Harness.server(.plain)
        let answers = try await Harness.withClient { client in
            [
                await client.get(Harness.fetch(server.uri(), rule: AddressRule())),
                await client.get(Harness.fetch(plain.uri())),
                await client.get(Harness.fetch("file:///etc/passwd")),
                await client.get(Harness.fetch(server.uri(), timeout: .milliseconds(200))),
            ]
        }
        guard case .blockedAddress? = answers[0].failure else {
            Issue.record("\(answers[0])")
            return
        }
        #expect(answers[1...2].map(\.failure) == [.forbiddenURL, .forbiddenURL])
        #expect(answers[3].failure == .timeout(sent: true))
        #expect(plain.connections == 0 && server.connections == 1)
    }
}
