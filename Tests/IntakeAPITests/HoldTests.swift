import IntakeAPI
import LastcallTestKit
import Outbox
import StrictJSON
import Synchronization
import Testing

@Suite("Hold and release", .lastcallDatabase)
struct HoldTests {
    private let path = "/v1/issuers/acme/clients/rp"

    private func audit(_ api: TestAPI) throws -> [String] {
        try api.sqlTexts(
            """
            select concat_ws(' ', type, severity, client_id) from lastcall.audit_events
            where type in ('client.held', 'client.released') order by audit_id
            """
        )
    }

    @Test(
        "a client is held and released as often as one likes, and each change is audited once, with who made it"
    )
    func repeatable() async throws {
        let api = try await TestAPI.withIssuer()
        try await api.makeClient("rp")
        let key = try await api.makeKey(of: "acme", ["operate"])
        for (action, isHeld) in [
            ("release", false), ("hold", true), ("hold", true), ("release", false), ("release", false),
        ] {
            let answer = await api.call("POST \(path)/\(action)", key: key)
            #expect(answer.status == 200)
            #expect(answer["client_id"] == .string("rp"))
            #expect(answer["held"] == .bool(isHeld))
            #expect(await api.call("GET \(path)").body == answer.body)
        }
        #expect(try audit(api) == ["client.held notice rp", "client.released notice rp"])
        let actors = try api.sqlTexts(
            "select distinct actor from lastcall.audit_events where type in ('client.held', 'client.released')"
        )
        let id = try api.sqlTexts("select api_key_id::text from lastcall.api_keys")
        #expect(actors == id)
    }

    @Test("many calls at once make one change")
    func concurrent() async throws {
        let api = try await TestAPI.withIssuer()
        try await api.makeClient("rp")
        let statuses = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 { group.addTask { [path] in await api.call("POST \(path)/hold").status } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses == Array(repeating: 200, count: 8))
        #expect(try audit(api) == ["client.held notice rp"])
    }

    @Test("a client that is changed stays on hold; one that is deleted and registered anew does not")
    func changed() async throws {
        let api = try await TestAPI.withIssuer()
        try await api.makeClient("rp")
        await api.call("POST \(path)/hold")
        let answer = await api.call(
            "PUT \(path)",
            json: #"{"backchannel_logout_uri": "https://rp.example/new"}"#
        )
        #expect(answer["held"] == .bool(true))
        #expect(
            await api.call("GET /v1/issuers/acme/clients")["items"]?.elements.map { $0["held"] } == [
                .bool(true)
            ]
        )
        await api.call("DELETE \(path)")
        #expect(await api.call("POST \(path)/release").refusal == .init(404, "not_found"))
        try await api.makeClient("rp")
        #expect(await api.call("GET \(path)")["held"] == .bool(false))
    }

    @Test("deliveries of a held client are held, and are what they were once it is released")
    func deliveries() async throws {
        let api = try await TestAPI.withIssuer()
        try await api.makeClient("rp")
        let waiting = try await api.makeEvent()
        await api.call("POST \(path)/hold")
        let held = try await api.makeEvent()
        func statuses() async -> [JSON?] {
            await api.call("GET /v1/issuers/acme/deliveries")["items"]?.elements.map { $0["status"] } ?? []
        }
        #expect(await statuses() == [.string("held"), .string("held")])
        for event in [waiting, held] {
            let answer = await api.call("GET /v1/issuers/acme/logout-events/\(event)")
            #expect(answer["status"] == .string("in_progress"))
        }
        await api.call("POST \(path)/release")
        #expect(await statuses() == [.string("pending"), .string("pending")])
    }

    @Test("a release wakes the client's lane, a hold wakes nobody")
    func wakes() async throws {
        let api = try await TestAPI.withIssuer()
        try await api.makeClient("rp")
        let woken = Mutex<[Int32]>([])
        api.wake.listen { lanes in woken.withLock { $0 += lanes } }
        await api.call("POST \(path)/hold")
        #expect(woken.withLock { $0 }.isEmpty)
        await api.call("POST \(path)/release")
        #expect(
            try woken.withLock { $0.map(String.init) }
                == api.sqlTexts("select client_key::text from lastcall.clients")
        )
    }

    @Test("a refused call changes nothing", arguments: ["hold", "release"])
    func refused(action: String) async throws {
        let api = try await TestAPI.withIssuer()
        try await api.makeIssuer("other")
        try await api.makeClient("rp")
        if action == "release" { await api.call("POST \(path)/hold") }
        let before = try audit(api)
        let key = try await api.makeKey(of: "acme", TestAPI.scopes.filter { $0 != "operate" })
        #expect(
            await api.call("POST \(path)/\(action)", key: key).refusal == .init(403, "insufficient_scope")
        )
        #expect(await api.call("POST \(path)/\(action)", key: nil).refusal == .init(401, "unauthorized"))
        let foreign = try await api.makeKey(of: "other", TestAPI.scopes)
        #expect(await api.call("POST \(path)/\(action)", key: foreign).refusal == .init(404, "not_found"))
        #expect(
            await api.call("POST /v1/issuers/other/clients/rp/\(action)").refusal == .init(404, "not_found")
        )
        #expect(
            await api.call("POST /v1/issuers/acme/clients/ghost/\(action)").refusal == .init(404, "not_found")
        )
        #expect(await api.call("POST \(path)/\(action)?force=true").refusal == .init(400, "invalid_request"))
        #expect(
            await api.call("POST \(path)/\(action)", json: #"{"held": true}"#).refusal
                == .init(400, "invalid_request", "/held")
        )
        #expect(await api.call("GET \(path)/\(action)").header("Allow") == ["POST"])
        #expect(try audit(api) == before)
    }

    @Test(
        "a client shows its breaker",
        arguments: [
            ("breaker_trips = 0", "closed"),
            ("breaker_trips = 1, breaker_open_until = now() + interval '1 h'", "open"),
            ("breaker_trips = 3, breaker_open_until = now() - interval '1 s'", "half_open"),
            ("breaker_closed_at = now()", "closed"),
        ]
    )
    func breaker(change: String, state: String) async throws {
        let api = try await TestAPI.withIssuer()
        try await api.makeClient("rp")
        try api.sql("update lastcall.clients set \(change)")
        for line in ["GET \(path)", "POST \(path)/hold", "POST \(path)/release"] {
            #expect(await api.call(line)["breaker"] == .string(state), "\(line)")
        }
        #expect(await api.call("PUT \(path)", json: "{}")["breaker"] == .string(state))
        let listed = await api.call("GET /v1/issuers/acme/clients")["items"]?.elements.map { $0["breaker"] }
        #expect(listed == [.string(state)])
    }
}
