import DeliveryPolicy
import LastcallTestKit
import RelyingPartyClient
import Testing

@Suite("What is made of an answer")
struct AnswerTests {
    private func answer(
        to step: ScriptedStep,
        configure: (inout ClientConfiguration) -> Void = { _ in }
    ) async throws -> Answer {
        let server = try Harness.server(standing: step)
        return try await Harness.withClient(configure: configure) { client in
            await client.post(Harness.request(server.uri()))
        }
    }

    @Test(
        "a status is reported as it came",
        arguments: [200, 201, 204, 304, 400, 401, 404, 410, 429, 500, 503, 599]
    )
    func status(code: Int) async throws {
        let answer = try await answer(to: .status(code))
        #expect(answer.ending == .status(code))
        #expect(answer.remoteAddress == "127.0.0.1")
        #expect(answer.requestSent)
        #expect(try #require(answer.firstByteMicroseconds) <= answer.totalMicroseconds)
    }

    @Test("a redirect is not followed, neither elsewhere nor to the same server")
    func redirect() async throws {
        let target = try Harness.server()
        #expect(try await answer(to: .redirect(to: target.uri())).status == 302)
        #expect(target.connections == 0)

        target.script(.redirect(to: "/elsewhere"))
        let answer = try await Harness.withClient { client in await client.post(Harness.request(target.uri()))
        }
        #expect(answer.status == 302)
        #expect(target.received.count == 1)
    }

    @Test("interim answers are passed over, their headers with them")
    func interim() async throws {
        let text =
            "HTTP/1.1 103 Early Hints\r\nRetry-After: 7\r\n\r\nHTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n"
        let answer = try await answer(to: .raw(text))
        #expect(answer.status == 503)
        #expect(answer.retryAfter == nil)
    }

    @Test(
        "Retry-After is kept as it was sent, up to 128 bytes",
        arguments: [
            ("Retry-After: 120", "120"),
            ("retry-AFTER:   Fri, 31 Dec 1999 23:59:59 GMT  ", "Fri, 31 Dec 1999 23:59:59 GMT"),
            ("Retry-After: " + String(repeating: "9", count: 128), String(repeating: "9", count: 128)),
            ("Retry-After: " + String(repeating: "9", count: 129), String(repeating: "9", count: 128)),
            ("Retry-After: 1\u{1}2", "1\u{fffd}2"),
            ("Retry-After:", ""),
            ("X-Retry-After: 120", nil),
        ]
    )
    func retryAfter(header: String, expected: String?) async throws {
        #expect(try await answer(to: .status(429, headers: [header])).retryAfter == expected)
    }

    @Test(
        "error and error_description of a JSON 400 are kept, nothing else is",
        arguments: [
            (
                400, "application/json", #"{"error":"invalid_request","error_description":"no sid"}"#,
                "invalid_request", "no sid"
            ),
            (400, "application/json;charset=UTF-8", #"{"error":"a"}"#, "a", nil),
            (400, "Application/Problem+JSON", #"{"error_description":"d"}"#, nil, "d"),
            (400, "application/json", #"{"error":"a\u0007\u202eb"}"#, "a\u{fffd}\u{fffd}b", nil),
            (400, "application/json", #"{"error":7,"error_description":["x"]}"#, nil, nil),
            (400, "application/json", #"{"error":"a","error":"b"}"#, nil, nil),
            (400, "application/json", #"["error"]"#, nil, nil),
            (400, "application/json", #"{"error":"a""#, nil, nil),
            (400, "text/html", #"{"error":"a"}"#, nil, nil),
            (400, "application/jsonp", #"{"error":"a"}"#, nil, nil),
            (401, "application/json", #"{"error":"a"}"#, nil, nil),
            (200, "application/json", #"{"error":"a"}"#, nil, nil),
        ] as [(Int, String, String, String?, String?)]
    )
    func explanation(code: Int, type: String, body: String, error: String?, description: String?) async throws
    {
        let answer = try await answer(to: .status(code, headers: ["Content-Type: \(type)"], body: body))
        #expect(answer.status == code)
        #expect(answer.error == error)
        #expect(answer.errorDescription == description)
    }

    /// 39 characters are a word, 40 are a part of a token; a header is known by its beginning.
    @Test(
        "what looks like a token is cut out of an explanation, whole or in part",
        arguments: [
            ("bad token eyJhbGciOiJFUzI1NiJ9.eyJzaWQiOiJzIn0.c2ln, sorry", "bad token [redacted], sorry"),
            ("eyJhbGci", "[redacted]"), ("eyJhbGc", "eyJhbGc"), ("(eyJhbGciOi…)", "([redacted]…)"),
            (String(repeating: "a", count: 39), String(repeating: "a", count: 39)),
            (String(repeating: "a", count: 40), "[redacted]"),
            ("a." + String(repeating: "-", count: 40) + ".b%2Ec", "[redacted]%2Ec"),
            ("sid 01890a5d-ac96-774b-bcce-b302099a8057", "sid 01890a5d-ac96-774b-bcce-b302099a8057"),
            ("see https://docs.example.com/errors/logout", "see https://docs.example.com/errors/logout"),
        ]
    )
    func echoedToken(said: String, kept: String) async throws {
        let body = #"{"error":"\#(said)","error_description":"\#(said)"}"#
        let answer = try await answer(
            to: .status(400, headers: ["Content-Type: application/json"], body: body)
        )
        #expect(answer.error == kept)
        #expect(answer.errorDescription == kept)
    }

    @Test("long texts are cut to 255 and 1,000 bytes, between characters")
    func longExplanation() async throws {
        let error = String(repeating: "e ", count: 127) + "é"
        let description = String(repeating: "d ", count: 499) + "éx"
        let body = #"{"error":"\#(error)","error_description":"\#(description)"}"#
        let answer = try await answer(
            to: .status(400, headers: ["Content-Type: application/json"], body: body)
        )
        #expect(answer.error == String(repeating: "e ", count: 127))
        #expect(answer.errorDescription == String(repeating: "d ", count: 499) + "é")
    }

    @Test("a JSON body of more than 8 KiB explains nothing", arguments: [(8_192, "a"), (8_193, nil)])
    func explanationLimit(size: Int, expected: String?) async throws {
        let start = #"{"error":"a","pad":""#
        let body = start + String(repeating: "p", count: size - start.utf8.count - 2) + #""}"#
        let answer = try await answer(
            to: .status(400, headers: ["Content-Type: application/json"], body: body)
        )
        #expect(answer.error == expected)
    }

    @Test("a body without end is not read to its end, and the status counts", arguments: [true, false])
    func hugeBody(chunked: Bool) async throws {
        let server = try Harness.server(standing: .hugeBody(chunked: chunked))
        let answer = try await Harness.withClient { client in await client.post(Harness.request(server.uri()))
        }
        #expect(answer.ending == .status(200))
    }

    @Test(
        "a connection whose body was over its cap is not used again, one at the cap is",
        arguments: [(64, 1), (65, 2)]
    )
    func bodyLimit(size: Int, connections: Int) async throws {
        let server = try Harness.server(standing: .status(200, body: String(repeating: "b", count: size)))
        try await Harness.withClient {
            $0.bodyLimit = 64
        } _: { client in
            for _ in 1...2 { #expect(await client.post(Harness.request(server.uri())).status == 200) }
        }
        #expect(server.connections == connections)
    }

    @Test("headers without end, interim ones too, are a protocol error", arguments: [false, true])
    func endlessHeaders(interim: Bool) async throws {
        let answer = try await answer(to: interim ? .endlessInterim : .endlessHeaders)
        #expect(answer.ending == .failure(.protocolError))
        #expect(answer.detail == "more than 65536 bytes of headers")
        #expect(answer.requestSent)
    }

    @Test(
        "what is no HTTP is a protocol error",
        arguments: ["SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 ok\r\n\r\n", "<html></html>\r\n"]
    )
    func noHTTP(text: String) async throws {
        #expect(try await answer(to: .raw(text)).failure == .protocolError)
    }

    @Test("a status counts even where the body is cut off")
    func cutBody() async throws {
        let text = "HTTP/1.1 204 No\r\n\r\n"
        #expect(try await answer(to: .raw(text)).status == 204)
        let cut = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"
        #expect(try await answer(to: .raw(cut)).status == 200)
    }

    @Test("half a header is no answer")
    func cutHeaders() async throws {
        let answer = try await answer(to: .raw("HTTP/1.1 200 OK\r\nContent-Le"))
        #expect(answer.failure == .unreachable)
        #expect(answer.requestSent)
    }
}
