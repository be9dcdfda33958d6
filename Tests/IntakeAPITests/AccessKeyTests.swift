import LastcallTestKit
import StrictJSON
import Testing

@Suite("API keys", .lastcallDatabase)
struct AccessKeyTests {
    static let line = "POST /v1/api-keys"
    static let members = [
        "id", "name", "issuer", "scopes", "calls_per_second", "created_at", "expires_at", "last_used_at",
    ]

    @Test("a key is shown once, and only its hash is kept")
    func shape() async throws {
        let api = try await TestAPI.withIssuer()
        let body = """
            {"name": "Ŕ key", "issuer": "acme", "scopes": ["read", "logout", "read"], "expires_at": "2999-01-01T01:00:00+01:00"}
            """
        let answer = await api.call(Self.line, json: body)
        #expect(answer.status == 201 && answer.json.names == ["id", "key"] + Self.members.dropFirst())
        #expect(answer["name"] == .string("Ŕ key") && answer["issuer"] == .string("acme"))
        #expect(answer["scopes"] == .array([.string("logout"), .string("read")]))
        #expect(answer["expires_at"] == .string("2999-01-01T00:00:00.000000Z"))
        let key = try answer.text("key")
        let id = try answer.text("id")
        #expect(key.hasPrefix("lc_\(id.replacing("-", with: ""))_") && key.utf8.count == 79)
        let secret = String(key.suffix(43))
        let list = await api.call("GET /v1/api-keys")
        #expect(list["items"]?.elements.map(\.names) == [Self.members])
        let audit = try api.sqlTexts("select a::text from lastcall.audit_events a")
        let kept = try api.sqlTexts("select k::text from lastcall.api_keys k")
        #expect(audit.count == 2 && kept.count == 1)
        for text in [list.text] + audit + kept + api.logs.lines { #expect(!text.contains(secret)) }
    }

    @Test(
        "what makes no key is refused with a pointer to it",
        arguments: [
            ("{}", "/name"), (#"{"name": ""}"#, "/name"), (#"{"name": 1}"#, "/name"),
            (#"{"name": "a\nb"}"#, "/name"),
            (#"{"name": "n", "issuer": "ghost"}"#, "/issuer"), (#"{"name": "n", "issuer": 1}"#, "/issuer"),
            (#"{"name": "n", "issuer": "acme"}"#, "/scopes"),
            (#"{"name": "n", "issuer": "acme", "scopes": []}"#, "/scopes"),
            (#"{"name": "n", "issuer": "acme", "scopes": "read"}"#, "/scopes"),
            (#"{"name": "n", "issuer": "acme", "scopes": ["read", "root"]}"#, "/scopes/1"),
            (#"{"name": "n", "issuer": "acme", "scopes": ["read", 1]}"#, "/scopes/1"),
            (#"{"name": "n", "scopes": ["read"]}"#, "/scopes"), (#"{"name": "n", "scopes": []}"#, "/scopes"),
            (
                #"{"name": "n", "issuer": null, "scopes": ["logout", "sessions", "clients", "read", "operate"]}"#,
                "/scopes"
            ),
            (#"{"name": "n", "expires_at": "2020-01-01T00:00:00Z"}"#, "/expires_at"),
            (#"{"name": "n", "expires_at": "9999-12-31T23:59:59-23:59"}"#, "/expires_at"),
            (#"{"name": "n", "expires_at": 1}"#, "/expires_at"), (#"{"name": "n", "id": "x"}"#, "/id"),
        ]
    )
    func refused(body: String, pointer: String) async throws {
        let api = try await TestAPI.withIssuer()
        #expect(await api.call(Self.line, json: body).refusal == .init(400, "invalid_request", pointer))
        #expect(await api.call("GET /v1/api-keys").text == #"{"items":[],"next_cursor":null}"#)
    }

    @Test("an issuer's key makes, sees and revokes keys of its own issuer alone")
    func ownIssuer() async throws {
        let api = try await TestAPI.withIssuer()
        try await api.makeIssuer("other")
        _ = try await api.makeKey(of: "other", ["read"])
        _ = try await api.makeKey(of: nil, [])
        let admin = try await api.makeKey(of: "acme", ["admin"])
        let foreign = await api.call(
            Self.line,
            key: admin,
            json: #"{"name": "n", "issuer": "other", "scopes": ["read"]}"#
        )
        #expect(foreign.refusal == .init(404, "not_found"))
        for issuer in ["", #", "issuer": null"#, #", "issuer": "acme""#] {
            let made = await api.call(
                Self.line,
                key: admin,
                json: "{\"name\": \"n\", \"scopes\": [\"read\"]\(issuer)}"
            )
            #expect(made.status == 201 && made["issuer"] == .string("acme"))
            #expect(
                await api.call("PUT /v1/issuers/acme", key: try made.text("key"), json: "{}").status == 403
            )
        }
        let seen = await api.call("GET /v1/api-keys", key: admin)
        #expect(seen["items"]?.elements.map { $0["issuer"] } == Array(repeating: .string("acme"), count: 4))
        let all = try await api.all("/v1/api-keys", limit: 100)
        #expect(all.count == 6)
        for key in all {
            let isOwn = key["issuer"] == .string("acme")
            guard key["name"] == .string("n") || !isOwn else { continue }
            let answer = await api.call("DELETE /v1/api-keys/\(key["id"]?.string ?? "")", key: admin)
            #expect(answer.status == (isOwn ? 204 : 404))
        }
    }

    @Test("an operator's key has every scope, asked for or not")
    func operatorScopes() async throws {
        let api = try TestAPI()
        let all = TestAPI.scopes.reversed().map { "\"\($0)\"" }.joined(separator: ", ")
        for scopes in ["", #", "scopes": null"#, ", \"scopes\": [\(all)]"] {
            let answer = await api.call(Self.line, json: "{\"name\": \"n\"\(scopes)}")
            #expect(answer.status == 201, "\(scopes): \(answer.text)")
            #expect(answer["scopes"]?.elements.compactMap(\.string) == TestAPI.scopes)
        }
    }

    @Test(
        "an id that names no key is 404",
        arguments: ["x", "01900000-0000-7000-8000-000000000001", "%00", "lc_x"]
    )
    func unknown(id: String) async throws {
        #expect(await (try TestAPI()).call("DELETE /v1/api-keys/\(id)").refusal == .init(404, "not_found"))
    }
}
