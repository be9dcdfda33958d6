import FoundationEssentials
import HTTPListener
import Hummingbird
import IntakeAPI
import LastcallTestKit
import Logging
import NIOCore
import Testing

@Suite("The API on a socket", .lastcallDatabase)
struct HTTPFrontendTests {
    static let key = "Authorization: Bearer \(TestAPI.operatorKey)\r\n"

    @Test("an answer has its length, its type and nothing of the server's make")
    func answer() async throws {
        let text = try await exchange("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(text.hasSuffix("\r\n\r\n{\"status\":\"ok\"}"))
        let head = text.lowercased()
        #expect(
            head.contains("content-type: application/json\r\n") && head.contains("content-length: 15\r\n")
        )
        #expect(!head.contains("server:") && !head.contains("transfer-encoding"))
    }

    @Test("a refusal carries its header fields")
    func refusal() async throws {
        let text = try await exchange("GET /v1/issuers HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        #expect(text.hasPrefix("HTTP/1.1 401 "))
        #expect(text.contains("WWW-Authenticate: Bearer realm=\"lastcall\"\r\n"))
        #expect(text.contains("Content-Type: application/problem+json\r\n"))
        let other = try await exchange(
            "DELETE /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        )
        #expect(other.hasPrefix("HTTP/1.1 405 ") && other.contains("Allow: GET\r\n"))
    }

    @Test("an answer without a body has no length either")
    func noContent() async throws {
        let text = try await exchange(
            "DELETE /v1/issuers/acme HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(Self.key)\r\n"
        )
        #expect(text.hasPrefix("HTTP/1.1 204 ") && text.hasSuffix("\r\n\r\n"))
        let head = text.lowercased()
        #expect(!head.contains("content-length") && !head.contains("transfer-encoding"))
    }

    @Test("an encoded slash stays in its segment, and dots and doubled slashes are not tidied up")
    func paths() async throws {
        let put = """
            PUT /v1/issuers/acme/clients/a%2Fb%20c HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(Self.key)\
            Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}
            """
        let made = try await exchange(put)
        #expect(made.hasPrefix("HTTP/1.1 201 ") && made.contains(#""client_id":"a/b c""#), "\(made)")
        for path in [
            "/v1/issuers/acme/clients/../clients", "//healthz", "/v1//issuers", "/%68ealthz", "/healthz%00",
        ] {
            let text = try await exchange(
                "GET \(path) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(Self.key)\r\n"
            )
            #expect(text.hasPrefix("HTTP/1.1 404 "), "\(path) \(text)")
        }
    }

    @Test("a header field that is sent twice is seen twice")
    func doubledFields() async throws {
        let twice = "GET /v1/issuers HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(Self.key)\(Self.key)\r\n"
        #expect(try await exchange(twice).hasPrefix("HTTP/1.1 401 "))
        let keys = """
            POST /v1/issuers/acme/logout-events HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(Self.key)\
            Idempotency-Key: a\r\nIdempotency-Key: b\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n\
            {"targets":[]}
            """
        #expect(try await exchange(keys).hasPrefix("HTTP/1.1 400 "))
    }

    @Test("a chunked body is read like another")
    func chunked() async throws {
        let post = """
            POST /v1/issuers/acme/logout-events HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(Self.key)\
            Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n\
            5\r\n{"tar\r\n9\r\ngets":[]}\r\n0\r\n\r\n
            """
        let text = try await exchange(post)
        #expect(
            text.hasPrefix("HTTP/1.1 202 ") && text.contains("Location: /v1/issuers/acme/logout-events/"),
            "\(text)"
        )
    }

    @Test("a body beyond 1 MiB is answered with 413", arguments: [true, false])
    func tooLarge(isChunked: Bool) async throws {
        let size = 1_048_577
        let head = """
            POST /v1/issuers/acme/logout-events HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(Self.key)\
            Content-Type: application/json\r\n
            """
        let body = [UInt8](repeating: 0x20, count: size)
        let parts =
            isChunked
            ? [Array("\(head)Transfer-Encoding: chunked\r\n\r\n\(String(size, radix: 16))\r\n".utf8), body]
            : [Array("\(head)Content-Length: \(size)\r\n\r\n".utf8), body]
        let text = try await exchange(parts)
        #expect(text.hasPrefix("HTTP/1.1 413 ") && text.contains("too_large"), "\(text)")
    }

    static let `import` = """
        POST /v1/issuers/acme/sessions/import HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(key)\
        Content-Type: application/x-ndjson\r\n
        """

    @Test("an import larger than any other body is taken in as it arrives", arguments: [true, false])
    func importing(isChunked: Bool) async throws {
        let line =
            #"{"session_id": "s", "client_id": "nobody", "sub": "u"}"# + String(repeating: " ", count: 8_000)
        let lines = Array(String(repeating: line + "\n", count: 300).utf8)
        let head = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(lines.count)"
        let before = isChunked ? "\(String(lines.count, radix: 16))\r\n" : ""
        let text = try await exchange([
            Array("\(Self.import)\(head)\r\n\r\n\(before)".utf8), lines,
            Array((isChunked ? "\r\n0\r\n\r\n" : "").utf8),
        ])
        #expect(text.hasPrefix("HTTP/1.1 200 "), "\(text.prefix(300))")
        #expect(text.contains(#"{"imported":0,"failed":300,"errors":[{"line":1,"code":"not_found","#))
    }

    @Test("an import that is said to be beyond 64 MiB is answered with 413 before it is sent")
    func importTooLarge() async throws {
        let text = try await exchange("\(Self.import)Content-Length: \((64 << 20) + 1)\r\n\r\n")
        #expect(text.hasPrefix("HTTP/1.1 413 ") && text.contains("too_large"), "\(text)")
    }

    @Test("a caller that goes away in the middle of its body is no failure of ours")
    func goneAway() async throws {
        let logs = try await serve { port, api in
            let half = #"{"session_id": "s", "client_id": "nobody", "sub": "u"}"#
            for head in [
                "\(Self.import)Content-Length: 100000",
                "POST /v1/issuers/acme/logout-events HTTP/1.1\r\nHost: a\r\n\(Self.key)Content-Type: application/json\r\nContent-Length: 99",
            ] {
                await RawExchange.abandon([Array("\(head)\r\n\r\n\(half)".utf8)], to: port)
            }
            let gone = "caller gone before the end of its body"
            try await eventually("both calls") { api.logs.lines.count { $0.hasPrefix(gone) } == 2 }
            return api.logs.lines
        }
        #expect(!logs.contains { $0.contains("call failed") }, "\(logs)")
    }

    @Test("answers on one connection keep their order, and one to HEAD has no body")
    func keepAlive() async throws {
        let text = try await exchange(
            """
            GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nHEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n\
            GET /v1/issuers HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
            """
        )
        let parts = text.components(separatedBy: "HTTP/1.1 ")
        #expect(parts.count == 4, "\(text)")
        #expect(parts[1].hasSuffix("{\"status\":\"ok\"}") && parts[3].hasPrefix("401 "))
        // RFC 9110 section 9.3.2: bytes behind the head would be read as the next answer.
        #expect(parts[2].hasPrefix("200 ") && parts[2].hasSuffix("\r\n\r\n"), "\(parts[2])")
    }

    @Test(
        "what is no HTTP is refused, and the server goes on",
        arguments: [
            "\u{16}\u{3}\u{1}", "GET\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
        ]
    )
    func noHTTP(text: String) async throws {
        try await serve { port, _ in
            let answer = await RawExchange.send(text, to: port)
            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 400 "), "\(answer)")
            let good = await RawExchange.send(
                "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                to: port
            )
            #expect(good.hasPrefix("HTTP/1.1 200 "))
        }
    }

    private func exchange(_ text: String) async throws -> String {
        try await exchange([Array(text.utf8)])
    }

    private func exchange(_ parts: [[UInt8]]) async throws -> String {
        try await serve { port, _ in await RawExchange.send(parts, to: port) }
    }

    /// Runs a server on a loopback port of its own for as long as the body takes.
    private func serve<R: Sendable>(_ body: @escaping @Sendable (Int, TestAPI) async throws -> R) async throws
        -> R
    {
        let api = try TestAPI()
        _ = await api.call("PUT /v1/issuers/acme", json: #"{"issuer": "https://acme.example"}"#)
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        let server = Application(
            responder: HTTPFrontend(api.api.respond),
            server: .guarded(
                limits: ListenerLimits(),
                slots: ConnectionSlots(limit: 10_000),
                handlers: HTTPFrontend.connectionHandlers
            ),
            configuration: ApplicationConfiguration(
                address: .hostname("127.0.0.1", port: 0),
                serverName: nil
            ),
            onServerRunning: { channel in
                found.yield(channel.localAddress?.port ?? 0)
                found.finish()
            },
            logger: Logger(label: "server", factory: LogCapture().handler)
        )
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            defer { group.cancelAll() }
            for await port in ports { return try await body(port, api) }
            throw Answer.Unexpected(description: "the server did not start")
        }
    }
}
