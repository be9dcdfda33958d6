import APIClient
import LastcallTestKit
import Testing

@Suite("Calls of an API that runs elsewhere")
struct APIServerTests {
    private func plain(_ standing: ScriptedStep = .ok) throws -> ScriptedRelyingParty {
        try ScriptedRelyingParty(
            authority: try TestAuthority.shared().authority,
            transport: .plain,
            standing: standing
        )
    }

    private func server(_ place: ScriptedRelyingParty, _ path: String = "") throws -> APIServer {
        try APIServer(url: place.uri(path), key: "a key", userAgent: "test/1")
    }

    @Test("a call arrives as it was given, with the key, and its answer is told whatever the status")
    func call() async throws {
        let place = try plain(
            .status(409, headers: ["X-A: b", "Content-Type: application/json"], body: "{}")
        )
        let call = APICall(
            method: "PUT",
            target: "/v1/a%2Fb?c=d%20e",
            headers: [("content-type", "application/json")],
            body: Array("{\"a\": 1}".utf8)
        )
        let answer = try await server(place, "/below/").send(call)
        #expect(answer.status == 409 && answer.body == Array("{}".utf8) && answer.stream == nil)
        #expect(answer.header("x-a") == "b" && answer.header("x-b") == nil)
        let request = try #require(try await place.next().first)
        #expect(request.method == "PUT" && request.target == "/below/v1/a%2Fb?c=d%20e")
        #expect(request.values(of: "authorization") == ["Bearer a key"])
        #expect(request.values(of: "content-type") == ["application/json"])
        #expect(request.values(of: "user-agent") == ["test/1"])
        #expect(request.values(of: "content-length") == ["8"] && request.values(of: "expect").isEmpty)
        #expect(request.body == call.body)
    }

    @Test(
        "a call without a body says no type, and one that must have a length says 0",
        arguments: ["GET", "POST", "DELETE"]
    )
    func bodiless(method: String) async throws {
        let place = try plain()
        #expect(try await server(place).send(APICall(method: method, target: "/x")).status == 200)
        let request = try #require(try await place.next().first)
        #expect(request.method == method && request.values(of: "content-type").isEmpty)
        #expect(request.values(of: "content-length") == (method == "POST" ? ["0"] : []))
    }

    @Test("a header field without a value arrives without one", arguments: ["", "  "])
    func emptyField(value: String) async throws {
        let place = try plain()
        let call = APICall(method: "POST", target: "/x", headers: [("idempotency-key", value)])
        #expect(try await server(place).send(call).status == 200)
        let request = try #require(try await place.next().first)
        #expect(request.values(of: "idempotency-key") == [""])
    }

    @Test(
        "a control character is sent in no header field",
        arguments: ["a\r\nb: c", "a\nb: c", "\r", "a\0b", "a\tb", "a\u{7F}"]
    )
    func controlCharacters(value: String) async throws {
        let place = try plain()
        let call = APICall(method: "POST", target: "/x", headers: [("idempotency-key", value)])
        await #expect(throws: APIFailure.field("idempotency-key")) { _ = try await server(place).send(call) }
        #expect(place.connections == 0)
    }

    @Test("a redirect is an answer like another: the key goes nowhere else")
    func redirect() async throws {
        let other = try plain()
        let place = try plain(.redirect(to: other.uri("/x")))
        #expect(try await server(place).send(APICall(method: "GET", target: "/x")).status == 302)
        #expect(other.received.isEmpty)
    }

    @Test("a stream is there before it has ended, and whoever drops it ends it")
    func stream() async throws {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nLast-Event-ID: s\r\n\r\n"
        let place = try plain(
            .drip(head + String(repeating: ":\n\n", count: 100_000), every: .milliseconds(1))
        )
        let answer = try await server(place).send(APICall(method: "GET", target: "/stream"))
        #expect(answer.header("last-event-id") == "s")
        var first: [UInt8]?
        if let stream = answer.stream {
            for try await chunk in stream {
                first = chunk
                break
            }
        }
        #expect(first?.first == UInt8(ascii: ":"))
    }

    @Test("what does not answer is told in a sentence, and a call that is given up ends")
    func noAnswer() async throws {
        let port = try ClosedPort()
        let closed = try APIServer(url: "http://127.0.0.1:\(port.port)", key: nil, userAgent: "t")
        await #expect(throws: APIFailure.self) {
            _ = try await closed.send(APICall(method: "GET", target: "/"))
        }
        let place = try plain(.hang)
        let server = try server(place)
        let call = Task { try await server.send(APICall(method: "GET", target: "/")) }
        call.cancel()
        await #expect(throws: APIFailure.left) { _ = try await call.value }
    }

    @Test("only an authority that is named vouches for an API")
    func authorities() async throws {
        let authority = try TestAuthority.shared()
        let place = try ScriptedRelyingParty(authority: authority.authority)
        let server = try APIServer(url: place.uri(""), key: nil, userAgent: "t")
        await #expect(throws: APIFailure.self) {
            _ = try await server.send(APICall(method: "GET", target: "/"))
        }
        var trusting = server
        trusting.caFile = authority.caFile
        #expect(try await trusting.send(APICall(method: "GET", target: "/")).status == 200)
    }

    @Test(
        "what is no URL of an API is refused",
        arguments: [
            "", "localhost", "ftp://a", "https://", "https:a", "https://a b", "https://a?b", "https://a#b",
            "https://key@a", "https://a\\b", "https://ä",
        ]
    )
    func urls(text: String) {
        #expect(throws: APIFailure.url(text)) { try APIServer(url: text, key: nil, userAgent: "t") }
    }

    @Test(
        "a key is exposed where it goes beyond this machine without TLS",
        arguments: [
            ("https://lastcall.example", false), ("http://localhost:8080", false),
            ("http://127.0.0.1", false),
            ("http://[::1]:80/a", false), ("http://localhost.example", true), ("HTTP://10.0.0.1:8080", true),
            ("http://127.0.0.1.example:80", true),
        ]
    )
    func exposure(url: String, isExposed: Bool) throws {
        #expect(try APIServer(url: url, key: "k", userAgent: "t").isExposed == isExposed)
    }
}
