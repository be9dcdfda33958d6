import IntakeAPI
import LastcallTestKit
import Outbox
import StrictJSON
import Testing

@Suite("Waiting for the end of an event", .lastcallDatabase, .timeLimit(.minutes(30)))
struct WaitTests {
    static let line = "POST /v1/issuers/acme/logout-events"
    static let open = #"{"targets": [{"client_id": "rp", "sub": "s", "sid": "1"}]}"#
    static let ended = #"{"targets": []}"#

    private func withClient() async throws -> TestAPI {
        let api = try await TestAPI.withIssuer()
        try await api.makeClient("rp")
        return api
    }

    @Test(
        "a preference is granted where it asks for 1 to 30 seconds, and is no error otherwise",
        arguments: [
            (["wait=1"], "wait=1"), (["wait=30"], "wait=30"), (["wait=0"], nil), (["wait=31"], nil),
            (["wait=-1"], nil), (["wait=+5"], nil), (["wait=5.0"], nil), (["wait=05"], "wait=5"),
            (["wait=99999999999999999999"], nil), (["wait"], nil), (["wait="], nil), ([""], nil),
            ([","], nil),
            (["WAIT=5"], "wait=5"), ([#"wait="5""#], "wait=5"), ([#"wait="\5""#], "wait=5"),
            ([#"wait="5"#], nil), ([#"wait=5""#], nil), ([#"wait="""#], nil), (["wait = 5"], "wait=5"),
            ([" \twait\t=\t5 "], "wait=5"), (["respond-async, wait=5"], "wait=5"),
            (["respond-async;x=1, wait=5;y=\"a,wait=7;\""], "wait=5"),
            (["x=\"a, wait=7\", wait=5"], "wait=5"), (["x=\"a\\\", wait=7\", wait=5"], "wait=5"),
            (["return=minimal", "wait=5"], "wait=5"), (["wait=5", "wait=7"], "wait=5"),
            (["wait=99, wait=5"], nil), (["wait=5;"], "wait=5"), (["x;wait=5"], nil), (["waits=5"], nil),
            (["wait=5=6"], nil), (["handling=lenient; wait=5"], nil), ([",,wait=5,,"], "wait=5"),
        ] as [([String], String?)]
    )
    func preference(fields: [String], applied: String?) async throws {
        let api = try await TestAPI.withIssuer()
        let answer = await api.call(Self.line, json: Self.ended, headers: fields.map { ("prefer", $0) })
        #expect(answer.header("Preference-Applied") == [applied].compactMap { $0 })
        // An event without targets has ended when it is accepted.
        #expect(answer.status == (applied == nil ? 202 : 200))
        #expect(answer["status"] == .string("no_targets"))
        #expect(answer.header("Location").count == 1)
    }

    @Test(
        "a GET waits 0 to 30 seconds, and refuses anything else",
        arguments: [
            ("0", 200), ("1", 200), ("30", 200), ("31", 400), ("-1", 400), ("+1", 400), ("01", 400),
            ("1.5", 400),
            ("", 400), ("x", 400), ("5&wait=5", 400), ("99999999999999999999", 400),
        ]
    )
    func range(text: String, status: Int) async throws {
        let api = try await TestAPI.withIssuer()
        let id = try await api.makeEvent(targets: "[]")
        let answer = await api.call("GET /v1/issuers/acme/logout-events/\(id)?wait=\(text)")
        #expect(answer.status == status, "\(answer.text)")
        if status == 400 { #expect(answer.refusal == .init(400, "invalid_request")) }
    }

    @Test("both ways of waiting are answered when the event ends, with the event as it ended")
    func ends() async throws {
        let api = try await withClient()
        let id = try await api.makeEvent()
        async let shown = api.call("GET /v1/issuers/acme/logout-events/\(id)?wait=30")
        async let accepted = api.call(Self.line, json: Self.open, headers: [("prefer", "wait=30")])
        try await eventually("two who wait") { api.api.ends.count == 2 }
        try api.endAll()
        #expect(await shown.status == 200)
        #expect(await shown["status"] == .string("completed"))
        let answer = await accepted
        #expect(answer.status == 200 && answer["status"] == .string("completed"))
        #expect(answer.json.names == LogoutEventTests.members)
        #expect(answer.header("Preference-Applied") == ["wait=30"])
        #expect(answer.header("Location") == ["/v1/issuers/acme/logout-events/\(try answer.text("id"))"])
        #expect(api.api.ends.count == 0)
    }

    @Test("an event that does not end in time is 202 to a POST, 200 to a GET, and as it stands")
    func timesOut() async throws {
        let api = try await withClient()
        async let accepted = api.call(Self.line, json: Self.open, headers: [("prefer", "wait=1")])
        let id = try await api.makeEvent()
        let shown = await api.call("GET /v1/issuers/acme/logout-events/\(id)?wait=1")
        #expect(shown.status == 200 && shown["status"] == .string("in_progress"))
        let answer = await accepted
        #expect(answer.status == 202 && answer["status"] == .string("in_progress"))
        #expect(answer.header("Preference-Applied") == ["wait=1"])
        #expect(api.api.ends.count == 0)
    }

    @Test("a replay waits too, and says whether the event has ended")
    func replay() async throws {
        let api = try await withClient()
        let key = ("idempotency-key", "k")
        let first = await api.call(Self.line, json: Self.open, headers: [key])
        #expect(first.status == 202 && first.header("Preference-Applied").isEmpty)
        let open = await api.call(Self.line, json: Self.open, headers: [key, ("prefer", "wait=1")])
        #expect(open.status == 202 && open.header("Idempotency-Replayed") == ["true"])
        async let waiting = api.call(Self.line, json: Self.open, headers: [key, ("prefer", "wait=30")])
        try await eventually("one who waits") { api.api.ends.count == 1 }
        try api.endAll()
        let answer = await waiting
        #expect(answer.status == 200 && answer["status"] == .string("completed"))
        #expect(answer.header("Idempotency-Replayed") == ["true"])
        #expect(answer.header("Preference-Applied") == ["wait=30"])
        #expect(answer["id"] == first["id"])
        let plain = await api.call(Self.line, json: Self.open, headers: [key])
        #expect(plain.status == 200 && plain.header("Preference-Applied").isEmpty)
    }

    @Test("a refused call waits for nothing, and another issuer's event is not waited for")
    func refused() async throws {
        let api = try await withClient()
        let id = try await api.makeEvent()
        try await api.makeIssuer("other")
        let answer = await api.call(Self.line, json: "{}", headers: [("prefer", "wait=30")])
        #expect(answer.refusal == .init(400, "invalid_scope") && answer.header("Preference-Applied").isEmpty)
        let foreign = await api.call("GET /v1/issuers/other/logout-events/\(id)?wait=30")
        #expect(foreign.refusal == .init(404, "not_found"))
        #expect(api.api.ends.count == 0)
    }

    @Test("beyond the limit a call is answered as if it had not asked to wait")
    func limit() async throws {
        let api = try await TestAPI.withIssuer { $0.waitLimit = 1 }
        try await api.makeClient("rp")
        let id = try await api.makeEvent()
        let line = "GET /v1/issuers/acme/logout-events/\(id)?wait=30"
        async let first = api.call(line)
        try await eventually("one who waits") { api.api.ends.count == 1 }
        let second = await api.call(line)
        #expect(second.status == 200 && second["status"] == .string("in_progress"))
        let accepted = await api.call(Self.line, json: Self.open, headers: [("prefer", "wait=30")])
        #expect(accepted.status == 202 && accepted.header("Preference-Applied").isEmpty)
        // What has ended needs no room.
        let done = await api.call(Self.line, json: Self.ended, headers: [("prefer", "wait=30")])
        #expect(done.status == 200 && done.header("Preference-Applied") == ["wait=30"])
        try api.endAll()
        #expect(await first["status"] == .string("completed"))
    }

    @Test("a thousand wait at once over four connections, and other calls are answered meanwhile")
    func thousand() async throws {
        let api = try TestAPI(connections: 4)
        try await api.makeIssuer("acme")
        try await api.makeClient("rp")
        var ids: [String] = []
        for _ in 1...50 { ids.append(try await api.makeEvent()) }
        let requests = (0..<1_000).map {
            Self.request("/v1/issuers/acme/logout-events/\(ids[$0 % 50])?wait=30")
        }
        let answers = try await serving(api) { port in
            let crowd = try Crowd(requests, to: port)
            try await eventually("a thousand who wait") { api.api.ends.count == 1_000 }
            let other = await RawExchange.send(Self.request("/v1/issuers/acme"), to: port)
            #expect(other.hasPrefix("HTTP/1.1 200 "))
            #expect(api.api.ends.count == 1_000)
            try api.endAll()
            return await crowd.answers()
        }
        #expect(answers.count == 1_000)
        for (place, answer) in answers.enumerated() {
            #expect(answer.hasPrefix("HTTP/1.1 200 "))
            #expect(answer.contains(#""id":"\#(ids[place % 50])","status":"completed""#))
        }
        #expect(api.api.ends.count == 0)
    }

    @Test("callers that hang up are not waited for")
    func hangUp() async throws {
        let api = try await withClient()
        let id = try await api.makeEvent()
        let waiting = Self.request("/v1/issuers/acme/logout-events/\(id)?wait=30")
        try await serving(api) { port in
            let gone = try Crowd(Array(repeating: waiting, count: 20), to: port)
            let staying = try Crowd([waiting], to: port)
            try await eventually("all who wait") { api.api.ends.count == 21 }
            gone.hangUp()
            try await eventually("the one that stays") { api.api.ends.count == 1 }
            try api.endAll()
            let answer = await staying.answers()
            #expect(answer.first?.contains(#""status":"completed""#) == true)
        }
    }

    static func request(_ path: String) -> String {
        "GET \(path) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(HTTPFrontendTests.key)\r\n"
    }
}

extension TestAPI {
    /// Ends every event as delivered, as a worker of another process would.
    func endAll() throws {
        try sql(
            """
            delete from lastcall.delivery_queue;
            update lastcall.logout_events set status = 'completed', open_count = 0, delivered = 1, ended_at = now()
            where status = 'in_progress'
            """
        )
    }
}
