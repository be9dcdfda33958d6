import Foundation
import LastcallTestKit
import Testing

@Suite("Commands of an API that is not always there")
struct UnsteadyAPITests {
    private let api: ScriptedRelyingParty

    init() throws {
        api = try ScriptedRelyingParty(authority: try TestAuthority.shared().authority, transport: .plain)
    }

    private var environment: [String: String] {
        ["LASTCALL_API_URL": api.uri(""), "LASTCALL_API_KEY": "k"]
    }

    private static func refusal(_ status: Int, _ code: String, headers: [String] = []) -> ScriptedStep {
        .status(status, headers: headers, body: #"{"code": "\#(code)", "detail": "So it is."}"#)
    }

    private static func stream(_ events: String = "") -> ScriptedStep {
        .drip(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n\(events)",
            every: .milliseconds(1)
        )
    }

    @Test("a logout that is accepted is shown, though its end cannot be waited for", arguments: [503, 403])
    func accepted(status: Int) async throws {
        let code = status == 503 ? "unavailable" : "insufficient_scope"
        let event = #"{"id": "e-1", "status": "in_progress", "deliveries": []}"#
        api.always(
            .decide { request in
                request.method == "POST" ? .status(202, body: event) : Self.refusal(status, code)
            }
        )
        let logout = ["logout", "op", "--sub", "alice", "--wait", "5"]
        let told = try await LastcallProcess.run(logout + ["--json"], environment: environment)
        #expect(told.end == .exit(status == 503 ? 69 : 1))
        #expect(try object(told.output).text("id") == "e-1")
        #expect(try object(told.errors).text("code") == code)
        let shown = try await LastcallProcess.run(logout, environment: environment)
        #expect(shown.end == told.end && shown.output.hasPrefix("logout event e-1 is in_progress\n"))
        #expect(
            shown.errors.hasPrefix(
                "lastcall: the logout is accepted, but its end cannot be waited for: \(code): "
            )
        )
    }

    @Test("a redelivery is watched over refusals that pass, and no others")
    func watch() async throws {
        let running = #"{"id": "r-1", "status": "running", "matched": 2, "done": 1}"#
        let done = #"{"id": "r-1", "status": "done", "matched": 2, "done": 2}"#
        let path = "/v1/issuers/op/redeliveries/r-1"
        api.script(
            .status(200, body: running),
            Self.refusal(503, "unavailable", headers: ["Retry-After: 1"]),
            Self.refusal(429, "rate_limited"),
            .status(200, body: done),
            path: path
        )
        let watch = ["redeliveries", "show", "op", "r-1", "--watch"]
        let watched = try await LastcallProcess.run(watch + ["--json"], environment: environment)
        #expect(watched.end == .exit(0), "\(watched)")
        #expect(try object(watched.output).text("status") == "done")
        #expect(try object(watched.errors).text("notice") == "unavailable: So it is.; waiting")
        #expect(api.received.count == 4)
        api.script(.status(200, body: running), Self.refusal(404, "not_found"), path: path)
        let gone = try await LastcallProcess.run(watch, environment: environment)
        #expect(gone.end == .exit(1) && gone.errors == "lastcall: not_found: So it is.\n", "\(gone)")
    }

    @Test("a trail that is found later is waited for, and gone on with behind its first event")
    func foundLater() async throws {
        let trail = "/v1/issuers/new/audit-events"
        api.script(.status(200, body: #"{"items": []}"#), path: "/v1/issuers?limit=1000")
        api.script(Self.refusal(503, "unavailable"), path: "\(trail)/stream")
        api.always(
            .decide { request in
                switch request.target {
                case "/v1/issuers?limit=1000": .status(200, body: #"{"items": [{"name": "new"}]}"#)
                case "\(trail)?limit=1": .status(200, body: #"{"items": [{"id": "1"}]}"#)
                case "\(trail)/stream": Self.stream("id: 2\ndata: {\"id\":\"2\"}\n\n")
                default: Self.stream()
                }
            }
        )
        let tail = try LastcallProcess(["tail", "--json"], environment: environment)
        try await eventually("the event behind the first") {
            #expect(tail.isRunning, "\(tail.errors)")
            return !tail.isRunning || tail.output.contains(#""2""#)
        }
        tail.send(SIGINT)
        #expect(await tail.end() == .exit(0), "\(tail.errors)")
        #expect(tail.output == "{\"issuer\":\"new\",\"id\":\"1\"}\n{\"issuer\":\"new\",\"id\":\"2\"}\n")
        let notices = try AuditCommandTests.lines(tail.errors).map { try $0.text("notice") }
        #expect(notices == ["unavailable: So it is.; waiting", "new is followed again"])
        let streams = api.received.filter { $0.target == "\(trail)/stream" }
        #expect(streams.map { $0.values(of: "last-event-id") } == [["1"], ["1"]])
    }

    @Test(
        "what would end a header line goes nowhere",
        arguments: [
            ["logout", "op", "--sub", "a", "--idempotency-key"], ["audit", "tail", "op", "--after-id"],
        ]
    )
    func headerLines(command: [String]) async throws {
        let told = try await LastcallProcess.run(command + ["a\r\nX-A: b"], environment: environment)
        #expect(told.end == .exit(1) && told.output.isEmpty)
        #expect(told.errors.hasPrefix("lastcall: a control character cannot be sent as "), "\(told)")
        #expect(api.received.isEmpty)
    }
}
