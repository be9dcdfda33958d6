import Foundation
import LastcallTestKit
import Testing

@Suite("Traces of a fleet", .lastcallDatabase, .serialized, .timeLimit(.minutes(30)))
struct TraceTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let stranger = "0af7651916cd43dd8448eb211c80319c"
    private static let caller = "00f067aa0ba902b7"

    /// One span as a collector got it.
    private struct Span {
        let name: String
        let id: String
        let parent: String?
        let trace: String
        let text: String
    }

    private static func spans(_ collector: ScriptedRelyingParty) throws -> [Span] {
        try collector.received.flatMap { request -> [Span] in
            let root = try #require(
                try JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any]
            )
            let resources = try #require(root["resourceSpans"] as? [[String: Any]])
            let scopes = resources.flatMap { $0["scopeSpans"] as? [[String: Any]] ?? [] }
            return scopes.flatMap { $0["spans"] as? [[String: Any]] ?? [] }.map { span in
                Span(
                    name: span["name"] as? String ?? "",
                    id: span["spanId"] as? String ?? "",
                    parent: span["parentSpanId"] as? String,
                    trace: span["traceId"] as? String ?? "",
                    text: String(decoding: request.body, as: UTF8.self)
                )
            }
        }
    }

    /// Reports a logout with a traceparent; returns the event's id.
    private func report(_ port: UInt16, flags: String = "01") async throws -> String {
        let body = #"{"targets": [{"client_id": "rp", "sub": "the-subject", "sid": "the-session"}]}"#
        let answer = try await LoopbackCall.send(
            "POST",
            "/v1/issuers/op/logout-events",
            port: port,
            key: Fleet.operatorKey,
            headers: ["traceparent: 00-\(Self.trace)-\(Self.caller)-\(flags)"],
            body: body
        )
        let event = try object(answer.body)
        #expect(try event.text("trace_id") == Self.trace)
        return try event.text("id")
    }

    @Test("one trace leads from the OP's call over the commit to the POST, and says nothing secret")
    func chain() async throws {
        let collector = try Fleet.relyingParty()
        let folder = try TemporaryFolder()
        try folder.write("Authorization: Bearer the-collectors-key\nx-team: one\n", to: "headers")
        let fleet = try Fleet([
            "LASTCALL_TRACES_ENDPOINT": collector.uri("/v1/traces"),
            "LASTCALL_TRACES_HEADERS_FILE": folder.path + "/headers",
            "LASTCALL_FAILED_AUTHENTICATIONS_PER_SECOND": "3",
        ])
        let rp = try Fleet.relyingParty()
        try await fleet.prepare(["rp": rp.uri()])
        let api = try await fleet.start("serve")
        let worker = try await fleet.start("work")
        // Whoever has no key, or needs none, takes no room in the buffer, however often he tries.
        let headers = ["traceparent: 00-\(Self.stranger)-\(Self.caller)-01"]
        for path in ["/v1/issuers", "/v1/nowhere", "/v1/issuers/op/jwks.json"] {
            _ = try await LoopbackCall.send("GET", path, port: api.port, key: "wrong", headers: headers)
        }
        try await eventually("too many attempts") {
            let path = "/v1/issuers"
            let answer = try await LoopbackCall.send(
                "GET",
                path,
                port: api.port,
                key: "wrong",
                headers: headers
            )
            return answer.status == 429
        }
        let event = try await report(api.port)
        _ = try await fleet.end(of: event)
        let spans = try await eventually("the whole trace") { () -> [Span]? in
            let spans = try Self.spans(collector).filter { $0.trace == Self.trace }
            return spans.count >= 4 ? spans : nil
        }
        func one(_ name: String) throws -> Span {
            let found = spans.filter { $0.name == name }
            try #require(found.count == 1, "\(name)")
            return found[0]
        }
        let call = try one("POST /v1/issuers/{issuer}/logout-events")
        #expect(call.parent == Self.caller)
        #expect(try one("commit").parent == call.id)
        let attempt = try one("deliver logout")
        #expect(attempt.parent == call.id)
        #expect(try one("POST").parent == attempt.id)
        let requests = collector.received
        #expect(requests.allSatisfy { $0.target == "/v1/traces" && $0.values(of: "x-team") == ["one"] })
        #expect(requests.allSatisfy { $0.values(of: "authorization") == ["Bearer the-collectors-key"] })
        for text in Set(spans.map(\.text)) {
            for secret in ["the-subject", "the-session", "logout_token", Fleet.operatorKey, "eyJ"] {
                #expect(!text.contains(secret))
            }
        }
        // An RP is somebody else: it is told of no trace.
        #expect(rp.received.allSatisfy { $0.values(of: "traceparent").isEmpty })
        let page = try await Scrape(port: worker.port)
        #expect(try #require(page.value("lastcall_trace_spans_exported_total")) >= 2)
        withExtendedLifetime(folder) {}
        _ = try await LoopbackCall.send("GET", "/v1/issuers/last", port: api.port, key: Fleet.operatorKey)
        for member in [api, worker] { #expect(await member.process.stop() == .exit(0)) }
        let all = try Self.spans(collector)
        #expect(all.allSatisfy { $0.trace != Self.stranger })
        #expect(
            all.contains { $0.name == "GET /v1/issuers/{issuer}" },
            "what was recorded before the end arrives"
        )
    }

    @Test("what the OP does not record is not recorded here either")
    func unsampled() async throws {
        let collector = try Fleet.relyingParty()
        let fleet = try Fleet(["LASTCALL_TRACES_ENDPOINT": collector.uri("/v1/traces")])
        let rp = try Fleet.relyingParty()
        try await fleet.prepare(["rp": rp.uri()])
        let api = try await fleet.start("serve")
        let worker = try await fleet.start("work")
        _ = try await fleet.end(of: try await report(api.port, flags: "00"))
        for member in [api, worker] { #expect(await member.process.stop() == .exit(0)) }
        #expect(try Self.spans(collector).filter { $0.trace == Self.trace }.map(\.name) == [])
        #expect(rp.received.count == 1)
    }

    @Test(
        "where the operator says so, RPs get a traceparent: the OP's, or of the POST's span where that is traced",
        arguments: [false, true]
    )
    func propagation(traces: Bool) async throws {
        let collector = try Fleet.relyingParty()
        var settings = ["LASTCALL_PROPAGATE_TRACE_CONTEXT": "true"]
        if traces { settings["LASTCALL_TRACES_ENDPOINT"] = collector.uri("/v1/traces") }
        let fleet = try Fleet(settings)
        let rp = try Fleet.relyingParty()
        try await fleet.prepare(["rp": rp.uri()])
        let api = try await fleet.start("serve")
        let worker = try await fleet.start("work")
        _ = try await fleet.end(of: try await report(api.port))
        let sent = rp.received.flatMap { $0.values(of: "traceparent") }
        if traces {
            let post = try await eventually("the span of the POST") {
                try Self.spans(collector).first { $0.name == "POST" && $0.trace == Self.trace }
            }
            #expect(sent == ["00-\(Self.trace)-\(post.id)-01"])
        } else {
            #expect(sent == ["00-\(Self.trace)-\(Self.caller)-01"])
        }
        for member in [api, worker] { #expect(await member.process.stop() == .exit(0)) }
    }

    @Test("a collector that never answers holds up neither logouts nor the end of a process")
    func hanging() async throws {
        let collector = try Fleet.relyingParty(standing: .hang)
        let fleet = try Fleet([
            "LASTCALL_TRACES_ENDPOINT": collector.uri("/v1/traces"), "LASTCALL_TRACES_BUFFER_SPANS": "512",
        ])
        let rp = try Fleet.relyingParty()
        try await fleet.prepare(["rp": rp.uri()])
        let api = try await fleet.start("serve")
        let worker = try await fleet.start("work")
        for _ in 0..<3 { _ = try await fleet.end(of: try await report(api.port)) }
        #expect(rp.received.count == 3)
        let admin = try #require(try api.process.port(of: "admin"))
        _ = try await collector.next()
        // Each of these calls is a span; the batch under way and the buffer are soon full.
        let dropped = #"lastcall_trace_spans_dropped_total{reason="buffer_full"}"#
        try await eventually("dropped spans") {
            for _ in 0..<50 {
                let path = "/v1/issuers/nothing"
                _ = try await LoopbackCall.send("GET", path, port: api.port, key: Fleet.operatorKey)
            }
            return try #require(try await Scrape(port: admin).value(dropped)) > 0
        }
        #expect(collector.connections > 0)
        for member in [api, worker] { #expect(await member.process.stop() == .exit(0)) }
    }

    @Test(
        "an endpoint that no collector may have, or headers that are none, are refused at the start",
        arguments: [
            ("http://collector.example.com/v1/traces", nil, "traces_endpoint must be"),
            ("https://169.254.169.254/v1/traces", nil, "traces_endpoint must be"),
            ("https://127.0.0.1/", "", "traces_headers_file cannot be read"),
            ("https://127.0.0.1/", "no colon here\n", "traces_headers_file must have lines"),
        ] as [(String, String?, String)]
    )
    func refused(endpoint: String, headers: String?, reason: String) async throws {
        let folder = try TemporaryFolder()
        var settings = ["LASTCALL_TRACES_ENDPOINT": endpoint]
        if let headers {
            settings["LASTCALL_TRACES_HEADERS_FILE"] = folder.path + "/headers"
            if !headers.isEmpty { try folder.write(headers, to: "headers") }
        }
        let run = try await LastcallProcess.run(["work"], environment: try Fleet(settings).environment)
        #expect(run.end == .exit(78))
        #expect(run.errors.contains(reason), "\(run.errors)")
    }
}
