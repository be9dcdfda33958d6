import LastcallTestKit
import LogoutTokens
import StrictJSON
import Testing

@Suite("Where somebody is still logged in", .lastcallDatabase)
struct LogoutStatusTests {
    static let path = "/v1/issuers/acme/logout-status"

    /// Records that `s` is logged in to `b`, with a sid.
    private func login(_ api: TestAPI) async throws {
        let line = "PUT /v1/issuers/acme/sessions/op-1/clients/b"
        try await api.call(line, json: #"{"sub": "s", "sid": "2"}"#).require(201)
    }

    private func prepared() async throws -> (api: TestAPI, event: String) {
        let api = try await TestAPI.withIssuer()
        for client in ["a", "b"] { try await api.makeClient(client) }
        try await api.makeClient("uncovered", "{}")
        let targets = ["a", "uncovered", "ghost"].map { #"{"client_id": "\#($0)", "sub": "s", "sid": "1"}"# }
        let event = try await api.makeEvent(targets: "[\(targets.joined(separator: ","))]")
        try await login(api)
        return (api, event)
    }

    @Test("each client, sub and sid is one line with its state, and the states are counted")
    func shape() async throws {
        let (api, event) = try await prepared()
        let answer = await api.call("GET \(Self.path)?sub=s")
        #expect(answer.status == 200 && answer.json.names == ["items", "summary", "complete", "next_cursor"])
        let items = answer["items"]?.elements ?? []
        #expect(items.map { $0["client_id"]?.string } == ["a", "b", "ghost", "uncovered"])
        #expect(items.map { $0["state"]?.string } == ["pending", "logged_in", "not_covered", "not_covered"])
        #expect(
            items.map { $0["reason"]?.string } == [
                nil, nil, "client_not_found", "no_backchannel_logout_uri",
            ]
        )
        let names = ["client_id", "sub", "sid", "state", "reason", "logout_event_id", "delivery_id", "since"]
        for item in items { #expect(item.names == names && item["since"]?.string != nil) }
        #expect(items.map { $0["logout_event_id"]?.string } == [event, nil, event, event])
        #expect(items[0]["delivery_id"]?.string?.dropLast(6) == event.dropLast(6))
        #expect(answer["summary"]?.names == ["logged_in", "pending", "not_covered"])
        #expect(answer["summary"]?["not_covered"]?.int == 2)
        #expect(answer["complete"] == .bool(true) && answer["next_cursor"] == .null)
    }

    @Test(
        "exactly one of the four is asked by",
        arguments: [
            ("", 400), ("sub=s", 200), ("user_id=s", 200), ("session_id=op-1", 200),
            ("logout_event_id=EVENT", 200),
            ("sub=s&user_id=s", 400), ("session_id=op-1&logout_event_id=EVENT", 400), ("sub=s&sub=s", 400),
            ("sub=", 400), ("sub=%00", 400), ("session_id=a%0A", 400), ("logout_event_id=x", 400),
            ("logout_event_id=01900000-0000-7000-8000-000000000000", 404), ("sub=s&sid=1", 400),
            ("sub=s&limit=0", 400), ("sub=s&cursor=AQ", 400), ("sub=s&cursor=Aw", 400),
        ]
    )
    func subjects(query: String, status: Int) async throws {
        let (api, event) = try await prepared()
        let answer = await api.call("GET \(Self.path)?\(query.replacing("EVENT", with: event))")
        #expect(answer.status == status, "\(answer.text)")
        if status == 400 { #expect(answer.refusal == .init(400, "invalid_request")) }
    }

    @Test("pages join without a gap, also between lines without a sid", arguments: [1, 2, 3, 100])
    func pages(limit: Int) async throws {
        let (api, _) = try await prepared()
        let targets = [#"{"client_id": "b", "sub": "s"}"#, #"{"client_id": "a", "sub": "s"}"#]
        _ = try await api.makeEvent(targets: "[\(targets.joined(separator: ","))]")
        // The one before has ended with the event.
        try await login(api)
        let items = try await api.all(Self.path, limit: limit, "&sub=s")
        let lines = items.map { "\($0["client_id"]?.string ?? "") \($0["sid"]?.string ?? "-")" }
        #expect(lines == ["a -", "a 1", "b -", "b 2", "ghost 1", "uncovered 1"])
        let clients = try await api.call("GET /v1/issuers/acme/clients?limit=1").text("next_cursor")
        #expect(await api.call("GET \(Self.path)?sub=s&cursor=\(clients)").status == 400)
    }

    @Test("events can be listed by what their scope names, each name by its grammar")
    func eventFilters() async throws {
        let api = try await TestAPI.withIssuer()
        try await api.makeClient("a")
        try await api.call(
            "PUT /v1/issuers/acme/sessions/%C3%A9%20+/clients/a",
            json: #"{"sub": "s", "sid": "1", "user_id": "u", "user_agent_id": "a"}"#
        ).require(201)
        let answer = await api.call(
            "POST /v1/issuers/acme/logout-events",
            json: #"{"session_id": "é +", "user_id": "u", "user_agent_id": "a"}"#
        )
        let event = try answer.text("id")
        for query in [
            "session_id=%C3%A9+%2B", "user_id=u", "user_agent_id=a", "sub=s", "user_id=u&sub=s&sid=1",
        ] {
            let found = try await api.all("/v1/issuers/acme/logout-events", limit: 9, "&\(query)")
            #expect(found.compactMap { $0["id"]?.string } == [event], "\(query)")
        }
        for query in ["session_id=x", "user_id=u&user_agent_id=b", "user_id=u&initiator=rp-logout"] {
            #expect(try await api.all("/v1/issuers/acme/logout-events", limit: 9, "&\(query)").isEmpty)
        }
        for name in ["session_id", "user_id", "user_agent_id"] {
            let answer = await api.call("GET /v1/issuers/acme/logout-events?\(name)=%00")
            #expect(answer.refusal == .init(400, "invalid_request"))
        }
    }
}
