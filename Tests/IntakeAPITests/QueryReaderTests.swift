import LastcallTestKit
import LogoutTokens
import StrictJSON
import Testing

@Suite("Queries and lists", .lastcallDatabase)
struct QueryReaderTests {
    static let refused = Answer.Refusal(400, "invalid_request")

    @Test("a query member that a call does not know is refused", arguments: RouteScope.all.map(\.route))
    func unknownMember(route: String) async throws {
        let api = try await TestAPI.withIssuer()
        try await api.makeClient("nobody")
        let scope = try #require(RouteScope.all.first { $0.route == route })
        // Probes of load balancers carry what they like.
        guard !route.hasSuffix("z") else { return }
        let answer = await api.call(
            scope.line(issuer: "acme", query: "nonsense=1"),
            json: Self.body(of: route),
            headers: scope.headers
        )
        #expect(answer.refusal == Self.refused, "\(answer.status) \(answer.text)")
    }

    /// What the call would be accepted with.
    static func body(of route: String) -> String? {
        switch route {
        case "PUT /v1/issuers/{issuer}": #"{"issuer": "https://acme.example"}"#
        case "POST /v1/issuers/{issuer}/logout-events": #"{"targets": []}"#
        case "POST /v1/issuers/{issuer}/signing-keys": #"{"alg": "ES256"}"#
        case "POST /v1/api-keys": #"{"name": "n"}"#
        case let route where route.hasSuffix("/import"):
            #"{"session_id": "s", "client_id": "nobody", "sub": "u"}"#
        case let route where route.hasPrefix("PUT") && route.contains("{session_id}"): #"{"sub": "u"}"#
        case let route where route.hasPrefix("GET"): nil
        default: "{}"
        }
    }

    @Test(
        "a malformed query is refused",
        arguments: [
            "limit=0", "limit=1001", "limit=-1", "limit=+5", "limit=05", "limit=", "limit", "limit=1e2",
            "limit=5&limit=5",
            "limit=99999999999999999999", "cursor=", "cursor=x", "cursor=AQ", "cursor=AA&cursor=AA",
            "cursor=%00",
            "created_after=yesterday", "created_after=1970-01-01T00:00:00%2B00:01",
            "created_before=9999-12-31T23:59:59-00:01", "created_after=2026-11-21", "created_after=",
            "created_before=1",
            "created_after=2026-11-21T00:00:00%2b00:00&created_after=2026-11-21T00:00:00Z", "status=",
            "status=done",
            "status=completed%00", "initiator=me", "sub=", "sub=%00", "sub=%ff", "sub=%2", "sub=%zz",
            "sub=a%0Ab",
            "sub=a&sub=a", "sid=%7f", "client_id=%C3%A9", "client_id=", "Limit=5", "=1", "=", "%00=1",
            "%ff=1",
        ]
    )
    func malformed(query: String) async throws {
        let api = try await TestAPI.withIssuer()
        let answer = await api.call("GET /v1/issuers/acme/logout-events?\(query)")
        #expect(answer.refusal == Self.refused, "\(answer.text)")
    }

    @Test(
        "a cursor that no list has made is refused, whatever is in it",
        arguments: [
            Array("0123456789abcdef0123456789abcde".utf8), Array("0123456789abcdef0123456789abcdeg".utf8),
            Array(String(repeating: "😀", count: 8).utf8),
            Array(String(repeating: "e\u{301}", count: 11).utf8.prefix(32)),
            Array(repeating: 0, count: 32), Array(repeating: 0xFF, count: 32),
            Array(repeating: 10, count: 32),
            Array(String(repeating: "\r\n", count: 16).utf8), Array("0123456789ABCDEF0123456789ABCDEF0".utf8),
        ] as [[UInt8]]
    )
    func strangeCursor(bytes: [UInt8]) async throws {
        let api = try await TestAPI.withIssuer()
        for mark: UInt8 in [0, 1, 3] {
            let cursor = Base64.urlEncode([mark] + bytes)
            for list in ["logout-events", "deliveries", "audit-events"] {
                let answer = await api.call("GET /v1/issuers/acme/\(list)?cursor=\(cursor)")
                #expect(answer.refusal == Self.refused, "\(list)")
            }
        }
        let name = Base64.urlEncode([2, 0xFF, 0xFE])
        #expect(await api.call("GET /v1/issuers/acme/clients?cursor=\(name)").refusal == Self.refused)
        #expect(await api.call("GET /v1/issuers/acme/logout-events?cursor=\(name)").refusal == Self.refused)
    }

    @Test("a cursor of one kind of list is refused by the other")
    func otherCursor() async throws {
        let api = try await TestAPI.withIssuer()
        for name in ["a", "b"] { try await api.makeClient(name) }
        _ = try await api.makeEvent()
        _ = try await api.makeEvent()
        let ofClients = try await api.call("GET /v1/issuers/acme/clients?limit=1").text("next_cursor")
        let ofEvents = try await api.call("GET /v1/issuers/acme/logout-events?limit=1").text("next_cursor")
        #expect(
            await api.call("GET /v1/issuers/acme/logout-events?cursor=\(ofClients)").refusal == Self.refused
        )
        #expect(await api.call("GET /v1/issuers/acme/clients?cursor=\(ofEvents)").refusal == Self.refused)
    }

    @Test(
        "a limit is 1 to 1000, and 100 unless told",
        arguments: [("", 100), ("?limit=1", 1), ("?limit=1000", 101)]
    )
    func limits(query: String, count: Int) async throws {
        let api = try await TestAPI.withIssuer()
        try api.sql(
            """
            insert into lastcall.clients (issuer_key, client_id, backchannel_logout_session_required,
                id_token_signed_response_alg, metadata, delivery)
            select 1, 'client-' || n, false, 'RS256', '{}', '{}' from generate_series(1, 101) n
            """
        )
        let answer = await api.call("GET /v1/issuers/acme/clients\(query)")
        #expect(answer["items"]?.elements.count == count)
        #expect((answer["next_cursor"] == .null) == (count == 101))
    }

    @Test("a list shows everything once, in its order, page by page", arguments: [1, 2, 5, 7])
    func paging(limit: Int) async throws {
        let api = try await TestAPI.withIssuer()
        try await api.makeIssuer("b")
        try await api.makeIssuer("a-0")
        for name in ["b", "a%2F", "A", "%20x", "~"] { try await api.makeClient(name) }
        for _ in 1...3 {
            _ = try await api.makeEvent(
                targets: #"[{"client_id": "b", "sid": "1"}, {"client_id": "b", "sid": "2"}]"#
            )
        }
        for _ in 1...3 { _ = try await api.makeKey(of: "acme", ["read"]) }
        let issuers = try await api.all("/v1/issuers", limit: limit).map { $0["name"]?.string }
        #expect(issuers == ["a-0", "acme", "b"])
        let clients = try await api.all("/v1/issuers/acme/clients", limit: limit).map {
            $0["client_id"]?.string
        }
        #expect(clients == [" x", "A", "a/", "b", "~"])
        for (list, count, isNewestFirst) in [
            ("/v1/issuers/acme/logout-events", 3, true), ("/v1/issuers/acme/deliveries", 6, true),
            ("/v1/api-keys", 3, true), ("/v1/issuers/acme/audit-events", 12, false),
        ] {
            let ids = try await api.all(list, limit: limit).compactMap { $0["id"]?.string }
            let sorted = ids.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            #expect(ids == (isNewestFirst ? sorted.reversed() : sorted), "\(list)")
            #expect(Set(ids).count == count && ids.count == count, "\(list) \(ids.count)")
        }
    }

    @Test("deliveries of one event can be paged through")
    func pagingOneEvent() async throws {
        let api = try await TestAPI.withIssuer()
        let targets = (1...7).map { #"{"client_id": "c", "sid": "\#($0)"}"# }.joined(separator: ",")
        _ = try await api.makeEvent()
        let event = try await api.makeEvent(targets: "[\(targets)]")
        _ = try await api.makeEvent()
        let found = try await api.all("/v1/issuers/acme/deliveries", limit: 3, "&logout_event_id=\(event)")
        #expect(found.map { $0["sid"]?.string } == (1...7).reversed().map { "\($0)" })
        let never = "&created_after=2999-01-01T00:00:00Z"
        let none = try await api.all(
            "/v1/issuers/acme/deliveries",
            limit: 3,
            "&logout_event_id=\(event)\(never)"
        )
        #expect(none.isEmpty)
    }

    @Test(
        "the first and the last time bound a list like any other",
        arguments: [
            ("created_after=1970-01-01T00:00:00Z", 1), ("created_before=1970-01-01T00:00:00Z", 0),
            ("created_before=9999-12-31T23:59:59Z", 1), ("created_after=9999-12-31T23:59:59Z", 0),
        ]
    )
    func farTimes(query: String, count: Int) async throws {
        let api = try await TestAPI.withIssuer()
        _ = try await api.makeEvent()
        for list in ["logout-events", "deliveries"] {
            let answer = await api.call("GET /v1/issuers/acme/\(list)?\(query)")
            #expect(answer["items"]?.elements.count == count, "\(list) \(answer.text)")
        }
    }
}

extension TestAPI {
    /// Every item of a list, page by page.
    func all(_ path: String, limit: Int, _ query: String = "") async throws -> [JSON] {
        var items: [JSON] = []
        var cursor = ""
        for _ in 1...1_000 {
            let answer = await call("GET \(path)?limit=\(limit)\(query)\(cursor)")
            try answer.require(200)
            let page = answer["items"]?.elements ?? []
            items += page
            guard let next = answer["next_cursor"]?.string else { return items }
            #expect(page.count == limit)
            cursor = "&cursor=\(next)"
        }
        throw Answer.Unexpected(description: "the list has no end")
    }
}
