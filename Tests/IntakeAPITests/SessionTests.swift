import LastcallTestKit
import StrictJSON
import Testing

@Suite("Sessions", .lastcallDatabase)
struct SessionTests {
    static let sessions = "/v1/issuers/acme/sessions"
    static let line = "PUT \(sessions)/s/clients/rp"
    static let members = [
        "session_id", "client_id", "sub", "sid", "user_id", "user_agent_id", "expires_at", "created_at",
    ]

    private func withClient() async throws -> TestAPI {
        let api = try await TestAPI.withIssuer()
        try await api.makeClient("rp")
        return api
    }

    @Test("a participation is stored as it is answered, new first and changed then, and listed")
    func record() async throws {
        let api = try await withClient()
        let body = """
            {"sub": "u", "sid": "i", "user_id": "alice", "user_agent_id": "firefox", "expires_at": "2999-01-01T02:00:00+02:00"}
            """
        let made = await api.call(Self.line, json: body)
        #expect(made.status == 201)
        #expect(made.json.names == Self.members)
        let stored = ["s", "rp", "u", "i", "alice", "firefox", "2999-01-01T00:00:00.000000Z"]
        #expect(Self.members.dropLast().map { made[$0]?.string } == stored)
        let list = await api.call("GET \(Self.sessions)?session_id=s")
        #expect(list["items"]?.elements == [made.json] && list["next_cursor"] == .null)
        let changed = await api.call(Self.line, json: #"{"sub": "v", "sid": "i", "user_id": null}"#)
        #expect(changed.status == 200)
        #expect(Self.members.dropLast().map { changed[$0]?.string } == ["s", "rp", "v", "i", "v", nil, nil])
        #expect(changed["created_at"] == made["created_at"])
        #expect(await api.call("GET \(Self.sessions)?session_id=s")["items"]?.elements == [changed.json])
    }

    /// Members that break a rule, over HTTP and over SQL alike, and the pointer to the one that is meant.
    static let badMembers: [(String, String?)] = [
        ("{}", "/sub"), (#"{"sub": null}"#, "/sub"), (#"{"sub": 1}"#, "/sub"), (#"{"sub": ""}"#, "/sub"),
        (#"{"sub": "a\u0001"}"#, "/sub"), (#"{"sub": "a\u007f"}"#, "/sub"),
        (#"{"sub": "a\u0085"}"#, "/sub"),
        ("{\"sub\": \"\(String(repeating: "a", count: 256))\"}", "/sub"),
        ("{\"sub\": \"\(String(repeating: "é", count: 128))\"}", "/sub"),
        (#"{"sub": "u", "sid": ""}"#, "/sid"), (#"{"sub": "u", "sid": ["i"]}"#, "/sid"),
        (#"{"sub": "u", "user_id": ""}"#, "/user_id"), (#"{"sub": "u", "user_id": 7}"#, "/user_id"),
        (#"{"sub": "u", "user_agent_id": "\n"}"#, "/user_agent_id"),
        (#"{"sub": "u", "expires_at": 4000000000}"#, "/expires_at"),
        (#"{"sub": "u", "expires_at": "tomorrow"}"#, "/expires_at"),
        (#"{"sub": "u", "expires_at": "2026-02-30T00:00:00Z"}"#, "/expires_at"),
        (#"{"sub": "u", "expires_at": "1969-12-31T23:59:59Z"}"#, "/expires_at"),
        (#"{"sub": "u", "expires_at": "2001-01-01T00:00:00Z"}"#, "/expires_at"),
    ]

    /// What only a body or a path can get wrong.
    static let badBodies: [(String, String?)] = [
        (#"{"sub": "a\u0000"}"#, nil),
        (#"{"sub": "u", "session_id": "s"}"#, "/session_id"), (#"{"sub": "u", "Sid": "i"}"#, "/Sid"),
        (#"{"sub": "u", "sub": "u"}"#, "/sub"), (#"[]"#, ""), ("", nil), (#"{"sub": "u"} x"#, nil),
    ]

    @Test(
        "a participation that is not well said is refused, and nothing is stored",
        arguments: badMembers + badBodies
    )
    func refused(body: String, pointer: String?) async throws {
        let api = try await withClient()
        let answer = await api.call(Self.line, json: body)
        #expect(answer.refusal == .init(400, "invalid_request", pointer), "\(answer.text)")
        #expect(await api.call("GET \(Self.sessions)?session_id=s")["items"] == .array([]))
    }

    @Test(
        "the longest and strangest identifiers are kept byte for byte",
        arguments: [
            (String(repeating: "a", count: 255), String(repeating: "a", count: 255)), ("%20", " "),
            ("a%2Fb", "a/b"), ("%25", "%"), ("e%CC%81", "e\u{301}"), ("%C3%A9", "\u{E9}"),
            ("%F0%9F%98%80", "😀"),
            ("%C2%A0", "\u{A0}"), ("..", ".."), ("%22%5C", "\"\\"), ("%E2%80%AE", "\u{202E}"), ("+", "+"),
        ]
    )
    func identifiers(path: String, name: String) async throws {
        let api = try await withClient()
        let text = String(decoding: JSON.string(name).serialized(), as: UTF8.self)
        let body = "{\"sub\": \(text), \"sid\": \(text), \"user_id\": \(text), \"user_agent_id\": \(text)}"
        let made = await api.call("PUT \(Self.sessions)/\(path)/clients/rp", json: body)
        #expect(made.status == 201, "\(made.text)")
        let query = path.replacing("+", with: "%2B")
        for member in ["session_id", "sub", "sid", "user_id", "user_agent_id"] {
            let found = await api.call("GET \(Self.sessions)?\(member)=\(query)")["items"]?.elements ?? []
            #expect(found.map { Array(($0[member]?.string ?? "").utf8) } == [Array(name.utf8)], "\(member)")
        }
        try await api.call("DELETE \(Self.sessions)/\(path)/clients/rp?sid=\(query)").require(204)
    }

    @Test("two spellings of one character are two sessions")
    func spellings() async throws {
        let api = try await withClient()
        for path in ["e%CC%81", "%C3%A9"] {
            try await api.call("PUT \(Self.sessions)/\(path)/clients/rp", json: #"{"sub": "u"}"#).require(201)
        }
        #expect(try await api.all(Self.sessions, limit: 1, "&sub=u").count == 2)
        #expect(try await api.all(Self.sessions, limit: 9, "&session_id=%C3%A9").count == 1)
        try await api.call("DELETE \(Self.sessions)/%C3%A9/clients/rp").require(204)
        #expect(try await api.all(Self.sessions, limit: 9, "&session_id=e%CC%81").count == 1)
    }

    @Test(
        "a name in a path that breaks its grammar is refused by PUT and names nothing elsewhere",
        arguments: [
            (String(repeating: "a", count: 256), "rp", "/session_id"), ("", "rp", "/session_id"),
            ("%0A", "rp", "/session_id"), ("%C2%85", "rp", "/session_id"), ("%00", "rp", "/session_id"),
            ("%ff", "rp", "/session_id"), ("%zz", "rp", "/session_id"), ("s", "%C3%A9", "/client_id"),
            ("s", "", "/client_id"), ("s", String(repeating: "c", count: 256), "/client_id"),
            ("s", "%7F", "/client_id"),
        ]
    )
    func badPath(session: String, client: String, pointer: String) async throws {
        let api = try await withClient()
        let path = "\(Self.sessions)/\(session)/clients/\(client)"
        #expect(
            await api.call("PUT \(path)", json: #"{"sub": "u"}"#).refusal
                == .init(400, "invalid_request", pointer)
        )
        #expect(await api.call("DELETE \(path)").refusal == .init(404, "not_found"))
    }

    @Test("a client that is not there, not there any more or another issuer's has no participations")
    func unknownClient() async throws {
        let api = try await withClient()
        try await api.makeIssuer("other")
        try await api.makeClient("theirs", of: "other")
        try await api.call("PUT \(Self.sessions)/s/clients/rp", json: #"{"sub": "u"}"#).require(201)
        try await api.call("DELETE /v1/issuers/acme/clients/rp").require(204)
        for client in ["rp", "theirs", "nobody"] {
            let line = "\(Self.sessions)/s/clients/\(client)"
            #expect(await api.call("PUT \(line)", json: #"{"sub": "u"}"#).refusal == .init(404, "not_found"))
            #expect(await api.call("DELETE \(line)").refusal == .init(404, "not_found"))
        }
        #expect(await api.call("GET \(Self.sessions)?sub=u")["items"] == .array([]))
        // A new client of the name has nothing of the old one's.
        try await api.makeClient("rp")
        #expect(await api.call("GET \(Self.sessions)?client_id=rp")["items"] == .array([]))
    }

    @Test("another issuer sees nothing and ends nothing")
    func issuers() async throws {
        let api = try await withClient()
        try await api.makeIssuer("other")
        try await api.makeClient("rp", of: "other")
        let body = #"{"sub": "u", "sid": "i", "user_id": "a", "user_agent_id": "b"}"#
        try await api.call(Self.line, json: body).require(201)
        let key = try await api.makeKey(of: "other", TestAPI.scopes)
        for filter in ["session_id=s", "sub=u", "sid=i", "user_id=a", "user_agent_id=b", "client_id=rp"] {
            let found = await api.call("GET /v1/issuers/other/sessions?\(filter)", key: key)
            #expect(found.text == #"{"items":[],"next_cursor":null}"#)
            #expect(
                await api.call("GET \(Self.sessions)?\(filter)", key: key).refusal == .init(404, "not_found")
            )
            #expect(await api.call("GET \(Self.sessions)?\(filter)")["items"]?.elements.count == 1)
        }
        try await api.call("DELETE /v1/issuers/other/sessions/s/clients/rp", key: key).require(404)
        try await api.call("PUT /v1/issuers/other/sessions/s/clients/rp", key: key, json: body).require(201)
        try await api.call("DELETE \(Self.sessions)/s/clients/rp").require(204)
        try await api.call("DELETE /v1/issuers/other/sessions/s/clients/rp", key: key).require(204)
    }

    @Test("ending takes one sid or all, tells nobody, and is 404 the second time")
    func end() async throws {
        let api = try await withClient()
        for sid in ["\"1\"", "\"2\"", "\"3\"", "null"] {
            try await api.call(Self.line, json: "{\"sub\": \"u\", \"sid\": \(sid)}").require(201)
        }
        let path = "DELETE \(Self.sessions)/s/clients/rp"
        for bad in ["?sid=", "?sid=%0A", "?sid=1&sid=2", "?sub=u"] {
            #expect(await api.call(path + bad).refusal == .init(400, "invalid_request"))
        }
        try await api.call(path + "?sid=1").require(204)
        try await api.call(path + "?sid=1").require(404)
        #expect(try await api.all(Self.sessions, limit: 2, "&session_id=s").count == 3)
        try await api.call(path).require(204)
        try await api.call(path).require(404)
        #expect(await api.call("GET /v1/issuers/acme/logout-events")["items"] == .array([]))
    }

    @Test("a session that has expired is not listed, and one that ends later is")
    func expired() async throws {
        let api = try await withClient()
        for session in ["a", "b", "c"] {
            try await api.call("PUT \(Self.sessions)/\(session)/clients/rp", json: #"{"sub": "u"}"#).require(
                201
            )
        }
        try api.sql(
            """
            update lastcall.participations set expires_at = now() - interval '1 s' where session_id = 'a';
            update lastcall.participations set expires_at = now() + interval '1 h' where session_id = 'b'
            """
        )
        for filter in ["&sub=u", "&client_id=rp", "&user_id=u"] {
            let found = try await api.all(Self.sessions, limit: 1, filter)
            #expect(found.map { $0["session_id"]?.string } == ["c", "b"], "\(filter)")
        }
    }

    @Test("every filter must hold, each alone or with others, and one at least is asked for")
    func filters() async throws {
        let api = try await withClient()
        let names = ["session_id", "sid", "client_id", "sub", "user_id", "user_agent_id"]
        for place in 0..<8 { try await api.makeClient("y\(place)") }
        // One participation for each way of having or not having what is looked for; only one can have all that makes
        // it the one it is.
        let made = (0..<64).filter { $0 & 7 != 7 || $0 == 63 }
        for bits in made {
            let value = { (place: Int) in bits & (1 << place) != 0 ? "x" : "y\(bits)" }
            let client = bits & 4 != 0 ? "rp" : "y\(bits >> 3)"
            let body = """
                {"sid": "\(value(1))", "sub": "\(value(3))", "user_id": "\(value(4))", "user_agent_id": "\(value(5))"}
                """
            try await api.call("PUT \(Self.sessions)/\(value(0))/clients/\(client)", json: body).require(201)
        }
        for bits in 1..<64 {
            let query = (0..<6).filter { bits & (1 << $0) != 0 }.map {
                "&\(names[$0])=\($0 == 2 ? "rp" : "x")"
            }
            let found = try await api.all(Self.sessions, limit: 7, query.joined())
            #expect(found.count == made.count { $0 & bits == bits }, "\(query)")
            #expect(Set(found).count == found.count)
            let times = found.compactMap { $0["created_at"]?.string }
            #expect(times == times.sorted(by: >), "\(query)")
        }
        for query in ["", "?limit=5", "?status=x", "?session_id=", "?client_id=%C3%A9", "?sub=a&sub=a"] {
            #expect(await api.call("GET \(Self.sessions)\(query)").refusal == .init(400, "invalid_request"))
        }
        let cursor = try await api.call("GET /v1/issuers/acme/clients?limit=1").text("next_cursor")
        let foreign = await api.call("GET \(Self.sessions)?sub=x&cursor=\(cursor)")
        #expect(foreign.refusal == .init(400, "invalid_request"))
    }

    @Test("where the OP has no id of its own for a user, the sub is it")
    func userID() async throws {
        let api = try await withClient()
        try await api.call(Self.line, json: #"{"sub": "u", "sid": "1"}"#).require(201)
        try await api.call(Self.line, json: #"{"sub": "u", "sid": "2", "user_id": "v"}"#).require(201)
        try await api.call(Self.line, json: #"{"sub": "w", "sid": "3", "user_id": "u"}"#).require(201)
        let found = try await api.all(Self.sessions, limit: 1, "&user_id=u").map { $0["sid"]?.string }
        #expect(found == ["3", "1"])
        #expect(
            try await api.all(Self.sessions, limit: 9, "&sub=u&user_id=u").map { $0["sid"]?.string } == ["1"]
        )
    }
}
