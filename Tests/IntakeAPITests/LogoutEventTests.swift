import LastcallTestKit
import StrictJSON
import Testing

@Suite("Logout events", .lastcallDatabase)
struct LogoutEventTests {
    static let line = "POST /v1/issuers/acme/logout-events"
    static let members = [
        "id", "status", "scope", "initiator", "initiating_client_id", "session_durability", "priority",
        "created_at",
        "deliver_before", "ended_at", "trace_id", "matched", "delivery_counts", "deliveries",
        "completion_webhook",
    ]
    static let deliveryMembers = [
        "id", "logout_event_id", "client_id", "sub", "sid", "status", "reason", "flags", "attempt_count",
        "next_attempt_at", "deliver_before", "created_at", "ended_at",
    ]

    @Test(
        "an event and its deliveries have exactly the members of the contract, and a GET shows what POST did"
    )
    func shape() async throws {
        let api = try await TestAPI.withIssuer()
        try await api.makeClient("rp")
        let answer = await api.call(
            Self.line,
            json: #"{"targets": [{"client_id": "rp", "sub": "s", "sid": "1"}]}"#
        )
        #expect(answer.status == 202)
        #expect(answer.json.names == Self.members)
        let id = try answer.text("id")
        #expect(answer.header("Location") == ["/v1/issuers/acme/logout-events/\(id)"])
        #expect(answer["status"] == .string("in_progress") && answer["initiator"] == .string("idp-logout"))
        #expect(
            answer["session_durability"] == .string("durable") && answer["priority"] == .string("interactive")
        )
        #expect(
            answer["initiating_client_id"] == .null && answer["ended_at"] == .null
                && answer["trace_id"] == .null
        )
        #expect(answer["matched"]?.int == 1 && answer["delivery_counts"]?.names == ["pending"])
        #expect(answer["scope"]?["targets"]?.int == 1)
        let delivery = try #require(answer["deliveries"]?.elements.first)
        #expect(delivery.names == Self.deliveryMembers)
        #expect(delivery["logout_event_id"] == .string(id) && delivery["status"] == .string("pending"))
        #expect(
            delivery["sub"] == .string("s") && delivery["sid"] == .string("1") && delivery["reason"] == .null
        )
        #expect(delivery["flags"] == .array([]) && delivery["attempt_count"]?.int == 0)
        let shown = await api.call("GET /v1/issuers/acme/logout-events/\(id)")
        #expect(shown.status == 200 && shown.json.names == Self.members)
        for name in Self.members where name != "deliveries" {
            #expect(shown[name] == answer[name], "\(name)")
        }
        let alone = await api.call("GET /v1/issuers/acme/deliveries/\(delivery["id"]?.string ?? "")")
        #expect(alone.json.names == Self.deliveryMembers + ["attempts"] && alone["attempts"] == .array([]))
        let listed = await api.call("GET /v1/issuers/acme/logout-events")["items"]?.elements.first
        #expect(listed?.names == Self.members.filter { $0 != "deliveries" })
        let inList = await api.call("GET /v1/issuers/acme/deliveries")["items"]?.elements.first
        #expect(inList?.names == Self.deliveryMembers)
    }

    @Test("each target ends as the contract says, and the event with them")
    func targets() async throws {
        let api = try await TestAPI.withIssuer()
        try await api.makeClient("open")
        try await api.makeClient("uncovered", "{}")
        let strict =
            #"{"backchannel_logout_uri": "https://rp.example", "backchannel_logout_session_required": true}"#
        try await api.makeClient("strict", strict)
        let cases = [
            ("open", #""sub": "s""#, "pending", nil, "in_progress"),
            ("unknown", #""sid": "1""#, "failed", "client_not_found", "failed"),
            ("strict", #""sub": "s""#, "failed", "session_required_no_sid", "failed"),
            ("strict", #""sid": "1""#, "pending", nil, "in_progress"),
            ("uncovered", #""sid": "1""#, "not_covered", "no_backchannel_logout_uri", "no_targets"),
        ]
        for (client, subject, status, reason, eventStatus) in cases {
            let answer = await api.call(
                Self.line,
                json: #"{"targets": [{"client_id": "\#(client)", \#(subject)}]}"#
            )
            #expect(answer.status == 202 && answer["status"] == .string(eventStatus), "\(client) \(subject)")
            let delivery = answer["deliveries"]?.elements.first
            #expect(delivery?["status"] == .string(status) && delivery?["reason"]?.string == reason)
            #expect((answer["ended_at"] == .null) == (eventStatus == "in_progress"))
            #expect(answer["delivery_counts"]?.names == [status])
        }
    }

    @Test("everyone at one client is logged out only by a key that may operate, too")
    func everyoneAtOneClient() async throws {
        let api = try await TestAPI.withIssuer()
        try await api.makeClient("rp")
        let path = "/v1/issuers/acme/sessions/s/clients/rp"
        try await api.call("PUT \(path)", json: #"{"sub": "alice", "sid": "1"}"#).require(201)
        let plain = try await api.makeKey(of: "acme", ["logout"])
        let refused = await api.call(Self.line, key: plain, json: #"{"client_id": "rp"}"#)
        #expect(refused.refusal == .init(403, "insufficient_scope"))
        #expect(try api.sqlTexts("select event_id::text from lastcall.logout_events").isEmpty)
        let other = await api.call(Self.line, key: plain, json: #"{"client_id": "rp", "sub": "bob"}"#)
        #expect(other.status == 202 && other["matched"]?.int == 0)
        let both = try await api.makeKey(of: "acme", ["logout", "operate"])
        let told = await api.call(Self.line, key: both, json: #"{"client_id": "rp"}"#)
        #expect(told.status == 202 && told["matched"]?.int == 1)
        #expect(told["deliveries"]?.elements.first?["sid"] == .string("1"))
        #expect(told["scope"]?.names == ["client_id"])
    }

    @Test(
        "an event that finds nobody is accepted and noted",
        arguments: [("durable", "warning"), ("volatile", "notice")]
    )
    func noTargets(durability: String, severity: String) async throws {
        let api = try await TestAPI.withIssuer()
        let body = #"{"targets": [], "session_durability": "\#(durability)"}"#
        let answer = await api.call(Self.line, json: body)
        #expect(answer.status == 202 && answer["status"] == .string("no_targets"))
        #expect(answer["matched"]?.int == 0 && answer["deliveries"] == .array([]))
        let id = try answer.text("id")
        let notes = try await api.all("/v1/issuers/acme/audit-events", limit: 9, "&logout_event_id=\(id)")
        let types = ["logout.accepted", "bcl.no_sessions_for_subject", "logout.ended"]
        #expect(notes.map { $0["type"]?.string } == types)
        #expect(
            notes[1]["severity"] == .string(severity) && notes[1]["session_durability"] == .string(durability)
        )
    }

    @Test(
        "a request that breaks a rule is refused with a pointer to it and writes nothing",
        arguments: BadLogoutBody.all
    )
    func refused(_ bad: BadLogoutBody) async throws {
        let api = try await TestAPI.withIssuer()
        let answer = await api.call(Self.line, json: bad.body, headers: [("idempotency-key", "k")])
        #expect(answer.refusal == .init(400, bad.code, bad.pointer), "\(answer.text)")
        #expect(try api.sqlTexts("select event_id::text from lastcall.logout_events").isEmpty)
        // It did not use the key up.
        let good = await api.call(Self.line, json: #"{"targets": []}"#, headers: [("idempotency-key", "k")])
        #expect(good.status == 202)
    }

    @Test(
        "identifiers may have 255 bytes and are kept byte for byte",
        arguments: [
            ("x", 255, 202), ("x", 256, 400), ("é", 127, 202), ("é", 128, 400), ("\u{1F600}", 63, 202),
            ("\u{1F600}", 64, 400),
            ("'\\\" %_\u{200B}", 20, 202), ("e\u{301}", 85, 202),
        ]
    )
    func identifiers(unit: String, count: Int, status: Int) async throws {
        let api = try await TestAPI.withIssuer()
        let text = String(repeating: unit, count: count)
        let quoted = String(decoding: JSON.string(text).serialized(), as: UTF8.self)
        let body = #"{"targets": [{"client_id": "c", "sub": \#(quoted), "sid": \#(quoted)}]}"#
        let answer = await api.call(Self.line, json: body)
        #expect(answer.status == status)
        guard status == 202 else { return }
        let shown = try await api.all("/v1/issuers/acme/deliveries", limit: 9)
        #expect(shown.first?["sub"] == .string(text) && shown.first?["sid"] == .string(text))
    }

    @Test("two spellings of a character are two subjects, the same target twice is one")
    func duplicates() async throws {
        let api = try await TestAPI.withIssuer()
        let answer = await api.call(
            Self.line,
            json: """
                {"targets": [{"client_id": "c", "sub": "\u{E9}"}, {"client_id": "c", "sub": "e\u{301}"},
                 {"sub": "\\u00e9", "client_id": "c"}, {"client_id": "c", "sub": "\u{E9}", "sid": "\u{E9}"}]}
                """
        )
        #expect(answer["matched"]?.int == 3 && answer["deliveries"]?.elements.count == 3)
    }

    @Test("the initiating client is recorded, and left out where that is asked")
    func initiatingClient() async throws {
        let api = try await TestAPI.withIssuer()
        try await api.makeClient("rp")
        let targets = #""targets": [{"client_id": "rp", "sid": "1"}], "initiating_client_id": "rp""#
        let told = await api.call(Self.line, json: "{\(targets), \"initiator\": \"rp-logout\"}")
        #expect(told["initiating_client_id"] == .string("rp") && told["deliveries"]?.elements.count == 1)
        let left = await api.call(Self.line, json: "{\(targets), \"exclude_initiating_client\": true}")
        #expect(left.status == 202 && left["status"] == .string("completed"))
        #expect(left["matched"]?.int == 1 && left["deliveries"] == .array([]))
        let shown = await api.call("GET /v1/issuers/acme/logout-events/\(try left.text("id"))")
        #expect(shown["status"] == .string("completed") && shown["deliveries"] == .array([]))
    }

    @Test(
        "at most 10,000 targets; above 1,000 an event is a bulk one",
        arguments: [
            (1_000, 202, "interactive"), (1_001, 202, "bulk"), (10_000, 202, "bulk"), (10_001, 400, nil),
        ]
    )
    func manyTargets(count: Int, status: Int, priority: String?) async throws {
        let api = try await TestAPI.withIssuer()
        let targets = (1...count).map { #"{"client_id": "c", "sid": "\#($0)"}"# }.joined(separator: ",")
        let answer = await api.call(Self.line, json: "{\"targets\": [\(targets)]}")
        #expect(answer.status == status && answer["priority"]?.string == priority)
        guard status == 202 else {
            #expect(answer.refusal == .init(400, "invalid_request", "/targets"))
            return
        }
        #expect(answer["deliveries"]?.elements.count == 100 && answer["matched"]?.int == count)
        #expect(answer["delivery_counts"]?["failed"]?.int == count)
    }

    @Test(
        "a traceparent is kept, and one that is malformed or doubled costs nobody a logout",
        arguments: [
            (["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"], "4bf92f3577b34da6a3ce929d0e0e4736"),
            (
                ["01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x"],
                "4bf92f3577b34da6a3ce929d0e0e4736"
            ),
            (["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x"], nil), ([""], nil),
            (["x\u{0}"], nil),
            (["ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"], nil),
            (["00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"], nil),
            (["00-00000000000000000000000000000000-00f067aa0ba902b7-01"], nil),
            (["00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"], nil),
            (Array(repeating: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", count: 2), nil),
        ]
    )
    func trace(fields: [String], id: String?) async throws {
        let api = try await TestAPI.withIssuer()
        let headers = fields.map { ("traceparent", $0) }
        let answer = await api.call(Self.line, json: #"{"targets": []}"#, headers: headers)
        #expect(answer.status == 202)
        #expect(answer["trace_id"] == id.map(JSON.string) ?? .null)
        let shown = await api.call("GET /v1/issuers/acme/logout-events/\(try answer.text("id"))")
        #expect(shown["trace_id"] == answer["trace_id"])
    }

    @Test("a list of events can be filtered by each of its members")
    func filters() async throws {
        let api = try await TestAPI.withIssuer()
        try await api.makeClient("rp")
        let open = try await api.makeEvent()
        let failed = try await api.makeEvent(targets: #"[{"client_id": "gone", "sub": "s+ é", "sid": "2"}]"#)
        let none = try await api.makeEvent(targets: "[]")
        try await api.call(
            Self.line,
            json: #"{"targets": [], "initiator": "password-changed"}"#
        ).require(202)
        let cases = [
            ("status=in_progress", [open]), ("status=failed", [failed]),
            ("status=failed&status=in_progress", [failed, open]),
            ("client_id=rp", [open]), ("client_id=gone", [failed]), ("sub=s%2B+%C3%A9", [failed]),
            ("sid=1", [open]),
            ("sub=s&sid=2", []), ("client_id=rp&sid=1", [open]),
            ("initiator=idp-logout", [none, failed, open]),
            ("status=cancelled", []), ("created_before=1999-01-01T00:00:00Z", []),
        ]
        for (query, ids) in cases {
            let found = try await api.all("/v1/issuers/acme/logout-events", limit: 9, "&\(query)")
            #expect(found.compactMap { $0["id"]?.string } == ids, "\(query)")
        }
    }
}
