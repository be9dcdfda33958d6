import IntakeAPI
import LastcallTestKit
import Logging
import Outbox
import PostgresClient
import StrictJSON
import Testing

@Suite("The stream of the audit trail", .lastcallDatabase, .timeLimit(.minutes(30)))
struct AuditStreamTests {
    static let path = "/v1/issuers/acme/audit-events/stream"

    /// Writes events of `acme` in one transaction, with a data that says which.
    static func add(_ names: ClosedRange<Int>, on connection: PostgresConnection) throws {
        try connection.execute(
            script: """
                insert into lastcall.audit_events (issuer_key, type, severity, client_id, actor, data)
                select 1, 'client.changed', 'notice', case n % 2 when 0 then 'even' else 'odd' end, 'test',
                    jsonb_build_object('n', n) from generate_series(\(names.lowerBound), \(names.upperBound)) n
                """
        )
    }

    static func connect() throws -> PostgresConnection {
        var configuration = try ScratchDatabase.current.configuration
        configuration.idleInTransactionTimeout = .seconds(60)
        return try PostgresConnection.connect(configuration)
    }

    /// Waits until the trail has nothing unsettled: what is written from here on comes behind it.
    static func settle(_ api: TestAPI) async throws {
        try await eventually("a settled trail") {
            try api.sqlTexts(
                "select 'x' from lastcall.audit_events where xact >= pg_snapshot_xmin(pg_current_snapshot())"
            ).isEmpty
        }
    }

    /// The ids of the trail in its order, those written by the tests' own connections.
    static func written(_ api: TestAPI) throws -> [String] {
        try api.sqlTexts(
            "select audit_id::text from lastcall.audit_events where actor = 'test' order by xact, audit_id"
        )
    }

    @Test("events come as they are written, each as the list shows it on one line")
    func live() async throws {
        let api = try await TestAPI.withIssuer()
        try await Self.settle(api)
        try await TestServer.run(api) { port, _ in
            let stream = try TestServer.stream(Self.path, port: port)
            try await stream.opened()
            try api.sql(
                "insert into lastcall.audit_events (issuer_key, type, severity, actor, data) values (1, 'client.held', 'notice', 'test', '{\"a\\nb\": [1, \"\\u00e9\"]}')"
            )
            let ids = try await stream.ids(1)
            let listed = await api.call("GET /v1/issuers/acme/audit-events?type=client.held")
            #expect(listed["items"]?.elements.map { $0["id"]?.string } == ids)
            let data = try #require(stream.data.first)
            #expect(try JSON.parse(Array(data.utf8), maximumBytes: 65_536) == listed["items"]?.elements.first)
            let head = stream.text.lowercased()
            #expect(head.hasPrefix("http/1.1 200 ") && head.contains("content-type: text/event-stream\r\n"))
            #expect(head.contains("cache-control: no-store\r\n") && !head.contains("content-length"))
            #expect(stream.text.contains("event: audit\nid: \(ids[0])\ndata: {"))
        }
    }

    @Test("over restarts, reconnects and late commits every event comes once, in one order")
    func exact() async throws {
        let api = try await TestAPI.withIssuer()
        try await Self.settle(api)
        let late = try Self.connect()
        let other = try Self.connect()
        var seen: [String] = []
        var total = 0
        for round in 0..<4 {
            // Each round is another process. In even ones the reader hangs up, in odd ones the process stops.
            let process = try TestAPI()
            let last = seen.last
            let before = total
            seen += try await TestServer.run(process) { [seen] port, stop in
                let stream = try TestServer.stream(Self.path, port: port, after: last)
                try await stream.opened()
                let base = round * 1_000
                if round > 0 { try late.execute(script: "commit") }
                // An early id that commits after much with later ids was written, and asked for.
                try late.execute(script: "begin")
                try Self.add(base...base, on: late)
                try Self.add(base + 1...base + 700, on: other)
                for n in 701...720 { try Self.add(base + n...base + n, on: other) }
                try late.execute(script: "commit")
                for n in 721...730 { try Self.add(base + n...base + n, on: other) }
                let ids = try await stream.ids(before + 731 - seen.count)
                if round.isMultiple(of: 2) {
                    stream.leave()
                } else {
                    await stop()
                    try await stream.ended()
                }
                return ids
            }
            total += 731
            // Nobody listens now; one more is under way across the restart, and half of what is around it is not.
            try late.execute(script: "begin")
            try Self.add(round * 1_000 + 800...round * 1_000 + 800, on: late)
            try Self.add(round * 1_000 + 801...round * 1_000 + 810, on: other)
            total += 11
        }
        try late.execute(script: "commit")
        let process = try TestAPI()
        let last = seen.last
        let rest = total - seen.count
        seen += try await TestServer.run(process) { port, _ in
            try await TestServer.stream(Self.path, port: port, after: last).ids(rest)
        }
        #expect(seen.count == total && Set(seen).count == total)
        #expect(try seen == Self.written(api))
    }

    @Test(
        "a reader that loses a stream before an event came begins where that stream began, and misses nothing"
    )
    func resumes() async throws {
        let api = try await TestAPI.withIssuer()
        try await Self.settle(api)
        let header = await api.call("GET \(Self.path)").header("Last-Event-ID")
        let start = try #require(header.first)
        let connection = try Self.connect()
        try Self.add(1...3, on: connection)
        try await Self.settle(api)
        try await TestServer.run(api) { port, _ in
            let stream = try TestServer.stream(Self.path, port: port, after: start)
            #expect(try await stream.ids(3) == Self.written(api))
            // It names its own beginning, so that it can be lost again.
            #expect(stream.text.contains("Last-Event-ID: \(start)\r\n"))
        }
        let another = [("last-event-id", start)]
        try await api.makeIssuer("other")
        for path in ["/v1/issuers/other/audit-events/stream", "/v1/audit-events/stream"] {
            #expect(await api.call("GET \(path)", headers: another).refusal == .init(400, "invalid_request"))
        }
        #expect(
            await api.call("GET \(Self.path)", headers: [("last-event-id", start + "A")]).refusal
                == .init(400, "invalid_request")
        )
    }

    @Test("a filter shows what a list with it shows, from a past event on")
    func filters() async throws {
        let api = try await TestAPI.withIssuer()
        let connection = try Self.connect()
        try Self.add(1...1, on: connection)
        try await Self.settle(api)
        let first = try #require(try Self.written(api).first)
        try Self.add(2...1_300, on: connection)
        let event = try await api.makeEvent()
        try await TestServer.run(api) { port, _ in
            let cases = [
                "client_id=even", "type=logout.accepted&type=bcl.no_sessions_for_subject", "severity=error",
                "logout_event_id=\(event)", "delivery_id=\(event.dropLast(6))000001",
            ]
            for query in cases {
                let listed = try await api.all("/v1/issuers/acme/audit-events", limit: 1_000, "&\(query)")
                    .compactMap { $0["id"]?.string }.filter { $0 != first }
                #expect(!listed.isEmpty, "\(query)")
                let stream = try TestServer.stream("\(Self.path)?\(query)", port: port, after: first)
                #expect(try await Set(stream.ids(listed.count)) == Set(listed), "\(query)")
            }
        }
    }

    @Test("an operator can follow the installation's own trail; an issuer's key cannot")
    func installation() async throws {
        let api = try await TestAPI.withIssuer()
        try await Self.settle(api)
        let key = try await api.makeKey(of: "acme", TestAPI.scopes)
        try await TestServer.run(api) { port, _ in
            let stream = try TestServer.stream("/v1/audit-events/stream", port: port)
            try await stream.opened()
            _ = try await api.makeKey(of: nil, [])
            _ = try await stream.ids(1)
            #expect(stream.data.first?.contains("api_key.created") == true)
            let listed = await api.call("GET /v1/audit-events")
            #expect(listed["items"]?.elements.last?["id"]?.string == stream.ids.first)
            #expect(
                await api.call("GET /v1/audit-events", key: key).refusal == .init(403, "insufficient_scope")
            )
        }
    }

    @Test(
        "an id that names no event of this trail is refused",
        arguments: ["", "x", "01900000-0000-7000-8000-000000000000", "01900000-0000-7000-8000-00000000000"]
    )
    func unknownID(id: String) async throws {
        let api = try await TestAPI.withIssuer()
        let answer = await api.call("GET \(Self.path)", headers: [("last-event-id", id)])
        #expect(answer.refusal == .init(400, "invalid_request"))
    }

    @Test("an id of another issuer's trail names nothing in one's own")
    func foreignID() async throws {
        let api = try await TestAPI.withIssuer()
        try await api.makeIssuer("other")
        let id = try #require(
            await api.call("GET /v1/issuers/other/audit-events")["items"]?.elements.first?["id"]?.string
        )
        let header = [("last-event-id", id)]
        #expect(await api.call("GET \(Self.path)", headers: header).refusal == .init(400, "invalid_request"))
        #expect(await api.call("GET /v1/issuers/other/audit-events/stream", headers: header).status == 200)
        let twice = await api.call("GET /v1/issuers/other/audit-events/stream", headers: header + header)
        #expect(twice.refusal == .init(400, "invalid_request"))
    }

    @Test("streams beyond the limit are 503, and a reader that leaves makes room")
    func limit() async throws {
        let api = try await TestAPI.withIssuer { $0.auditStreamLimit = 2 }
        try await TestServer.run(api) { port, _ in
            let streams = try [
                TestServer.stream(Self.path, port: port), TestServer.stream(Self.path, port: port),
            ]
            for stream in streams { try await stream.opened() }
            let refused = await api.call("GET \(Self.path)")
            #expect(refused.refusal == .init(503, "unavailable") && refused.header("Retry-After") == ["1"])
            streams[0].leave()
            try await eventually("room") { await api.call("GET \(Self.path)").status == 200 }
            // HEAD begins nothing, and holds nothing.
            let head = "HEAD \(Self.path) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
            let key = "Authorization: Bearer \(TestAPI.operatorKey)\r\n\r\n"
            for _ in 0..<3 {
                let answer = await RawExchange.send(head + key, to: port)
                #expect(answer.hasPrefix("HTTP/1.1 200 ") && answer.hasSuffix("\r\n\r\n"))
            }
        }
    }

    @Test("a revoked key's stream ends, and nothing that is written afterwards is in it")
    func revocation() async throws {
        let api = try await TestAPI.withIssuer()
        let key = try await api.makeKey(of: "acme", ["read"])
        try await TestServer.run(api) { port, _ in
            let stream = try TestServer.stream(Self.path, port: port, key: key)
            let other = try TestServer.stream(Self.path, port: port)
            try await stream.opened()
            try await other.opened()
            // By another process, so that nothing here is told.
            let other2 = try TestAPI()
            let keys = await other2.call("GET /v1/api-keys")["items"]?.elements ?? []
            let mine = try #require(keys.first { $0["issuer"] == .string("acme") }?["id"]?.string)
            try await other2.call("DELETE /v1/api-keys/\(mine)").require(204)
            try await stream.ended()
            #expect(!other.isEnded)
            #expect(stream.text.hasSuffix("\r\n0\r\n\r\n"))
        }
    }

    @Test("a stop ends streams whole, those that read the past too, and does not wait for their readers")
    func shutdown() async throws {
        let api = try await TestAPI.withIssuer()
        try await TestServer.run(api) { port, stop in
            let stream = try TestServer.stream(Self.path, port: port)
            try await stream.opened()
            await stop()
            try await stream.ended()
            #expect(stream.text.hasSuffix("\r\n0\r\n\r\n"))
        }
    }

    @Test("a reader that takes nothing is cut off, and its place is free again")
    func stalled() async throws {
        let api = try await TestAPI.withIssuer { $0.auditStreamLimit = 1 }
        let connection = try Self.connect()
        try Self.add(1...1, on: connection)
        // More than all buffers between the two hold.
        try connection.execute(
            script: """
                insert into lastcall.audit_events (issuer_key, type, severity, actor, data)
                select 1, 'client.changed', 'notice', 'test', jsonb_build_object('n', repeat('x', 20000)) from generate_series(1, 1500)
                """
        )
        try await Self.settle(api)
        let first = try #require(try Self.written(api).first)
        try await TestServer.run(api) { port, _ in
            let lazy = try TestServer.stream(Self.path, port: port, after: first, reads: false)
            try await lazy.opened()
            #expect(await api.call("GET \(Self.path)").status == 503)
            try await eventually("the place to be free") { await api.call("GET \(Self.path)").status == 200 }
            // It is held to here.
            #expect(!lazy.isEnded)
        }
    }

    @Test("the seals of a trail are listed, newest first")
    func seals() async throws {
        let api = try await TestAPI.withIssuer()
        let pool = try PostgresPool(configuration: try ScratchDatabase.current.configuration, size: 1)
        let store = OutboxStore(pool: pool, logger: Logger(label: "test", factory: api.logs.handler))
        for _ in 1...3 {
            try await Self.settle(api)
            #expect(try await store.sealAudit(of: 1) ?? 0 > 0)
            try await api.makeClient("rp-\(Int.random(in: 0...Int.max))")
        }
        let found = try await api.all("/v1/issuers/acme/audit-events/seals", limit: 2)
        #expect(found.map { $0["number"]?.int } == [3, 2, 1])
        #expect(found[0]["previous_hash"] == found[1]["hash"] && found[0]["hash"]?.string?.count == 64)
        #expect(found.allSatisfy { $0["entry_count"]?.int == 1 })
        #expect(
            found[0].names == [
                "number", "sealed_at", "entry_count", "first_id", "last_id", "previous_hash", "hash",
            ]
        )
        #expect(await api.call("GET /v1/audit-events/seals").text == #"{"items":[],"next_cursor":null}"#)
    }
}
