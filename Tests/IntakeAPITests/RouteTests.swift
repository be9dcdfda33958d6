import IntakeAPI
import LastcallTestKit
import StrictJSON
import Testing

@Suite("Routes", .lastcallDatabase)
struct RouteTests {
    @Test("the routes are those of the written list")
    func routeList() async throws {
        let api = try TestAPI()
        #expect(api.api.routeNames.sorted() == RouteScope.all.map(\.route).sorted())
    }

    @Test("a key opens a route exactly where one of its scopes does", arguments: TestAPI.scopes)
    func scopes(scope: String) async throws {
        let api = try await TestAPI.withIssuer()
        let key = try await api.makeKey(of: "acme", [scope])
        for route in RouteScope.all {
            let answer = await api.call(route.line(issuer: "acme"), key: key, json: "{}")
            let isOpen = route.scopes?.contains(scope) ?? true
            #expect((answer.status != 403) == isOpen, "\(route): \(answer.text)")
            #expect(answer.status != 401 && answer.status != 500, "\(route): \(answer.text)")
            if !isOpen { #expect(answer.refusal == .init(403, "insufficient_scope")) }
        }
    }

    @Test("a key with every scope but the right ones is refused")
    func otherScopes() async throws {
        let api = try await TestAPI.withIssuer()
        for route in RouteScope.all {
            guard let right = route.scopes, right.count < TestAPI.scopes.count else { continue }
            let key = try await api.makeKey(of: "acme", TestAPI.scopes.filter { !right.contains($0) })
            let answer = await api.call(route.line(issuer: "acme"), key: key, json: "{}")
            #expect(answer.refusal == .init(403, "insufficient_scope"), "\(route)")
        }
    }

    @Test("an operator's key opens every route")
    func operatorKey() async throws {
        let api = try await TestAPI.withIssuer()
        let made = try await api.makeKey(of: nil, [])
        for key in [made, TestAPI.operatorKey] {
            for route in RouteScope.all where route.route != "DELETE /v1/issuers/{issuer}" {
                let answer = await api.call(route.line(issuer: "acme"), key: key, json: "{}")
                #expect(![401, 403, 405, 500].contains(answer.status), "\(route): \(answer.text)")
            }
        }
    }

    @Test("another issuer's things answer byte for byte like what does not exist")
    func otherIssuer() async throws {
        let api = try await TestAPI.withIssuer()
        try await api.makeIssuer("other")
        try await api.makeClient("nobody", of: "other")
        let key = try await api.makeKey(of: "acme", TestAPI.scopes)
        for route in RouteScope.all where route.route.contains("{issuer}") && route.scopes != nil {
            let foreign = await api.call(route.line(issuer: "other"), key: key, json: "{}")
            let unknown = await api.call(route.line(issuer: "ghost"), key: key, json: "{}")
            #expect(foreign.refusal == .init(404, "not_found"), "\(route)")
            #expect(foreign.body == unknown.body && foreign.header("Allow") == unknown.header("Allow"))
        }
    }

    @Test("an id of another issuer is nothing under one's own")
    func foreignIDs() async throws {
        let api = try await TestAPI.withIssuer()
        try await api.makeIssuer("other")
        try await api.makeClient("rp", of: "other")
        let event = try await api.makeEvent(of: "other")
        let delivery = event.dropLast(6) + "000001"
        let foreignKey = try await api.makeKey(of: "other", ["read"])
        let keyID = try #require(await api.call("GET /v1/api-keys")["items"]?.elements.first?["id"]?.string)
        let key = try await api.makeKey(of: "acme", TestAPI.scopes)
        let lines = [
            "GET /v1/issuers/acme/logout-events/\(event)", "GET /v1/issuers/acme/deliveries/\(delivery)",
            "GET /v1/issuers/acme/clients/rp", "DELETE /v1/issuers/acme/clients/rp",
            "DELETE /v1/api-keys/\(keyID)",
        ]
        for line in lines {
            #expect(await api.call(line, key: key).refusal == .init(404, "not_found"), "\(line)")
        }
        for list in ["logout-events", "deliveries", "clients"] {
            let answer = await api.call("GET /v1/issuers/acme/\(list)?limit=1000", key: key)
            #expect(answer.text == #"{"items":[],"next_cursor":null}"#)
        }
        #expect(!(await api.call("GET /v1/issuers/acme/audit-events", key: key).text.contains(event)))
        #expect(
            await api.call("GET /v1/issuers", key: key)["items"]?.elements.map { $0["name"]?.string } == [
                "acme"
            ]
        )
        // It was not revoked after all.
        #expect(await api.call("GET /v1/issuers/other", key: foreignKey).status == 200)
    }

    @Test(
        "a method that a path does not know is refused with those it knows",
        arguments: [
            ("POST /v1/issuers", "GET"), ("PATCH /v1/issuers/acme", "GET, PUT, DELETE"),
            ("DELETE /v1/issuers/acme/signing-keys", "GET, POST"),
            ("PUT /v1/issuers/acme/signing-keys/k", "GET"),
            ("GET /v1/issuers/acme/signing-keys/k/activate", "POST"),
            ("POST /v1/issuers/acme/clients", "GET"),
            ("POST /v1/issuers/acme/clients/c", "GET, PUT, DELETE"),
            ("DELETE /v1/issuers/acme/logout-events", "POST, GET"),
            ("POST /v1/issuers/acme/deliveries", "GET"), ("get /v1/issuers", "GET"),
            ("DELETE /v1/issuers/acme/audit-events", "GET"), ("PUT /v1/api-keys", "GET, POST"),
            ("GET /v1/api-keys/x", "DELETE"), ("POST /healthz", "GET"),
            ("POST /issuers/acme/jwks.json", "GET"),
        ]
    )
    func methods(line: String, allowed: String) async throws {
        let api = try TestAPI()
        let answer = await api.call(line)
        #expect(answer.refusal == .init(405, "method_not_allowed"))
        #expect(answer.header("Allow") == [allowed])
        let isPublic = line.contains("healthz") || line.contains("jwks")
        #expect(await api.call(line, key: nil).status == (isPublic ? 405 : 401))
    }

    @Test(
        "a path that names nothing is 404, and malformed ids name nothing",
        arguments: [
            "/", "", "/v1", "/v1/", "/v2/issuers", "/v1/issuers/", "/v1/issuers/acme/", "//healthz",
            "/healthz/",
            "/v1/issuers/ACME", "/v1/issuers/acme%00", "/v1/issuers/acme%2", "/v1/issuers/acme%zz",
            "/v1/issuers/%ff", "/v1/issuers/acme/clients/", "/v1/issuers/acme/clients/%",
            "/v1/issuers/acme%2Fclients",
            "/v1/issuers/acme/clients/a/b", "/v1/issuers/acme/clients/..", "/v1/issuers/acme/../acme",
            "/v1/issuers/acme/logout-events/1", "/v1/issuers/acme/logout-events/%00",
            "/v1/issuers/acme/logout-events/01900000-0000-7000-8000-00000000000",
            "/v1/issuers/acme/logout-events/01900000-0000-7000-8000-000000000001",
            "/v1/issuers/acme/deliveries/01900000-0000-7000-8000-000000000000",
            "/v1/issuers/acme/deliveries/{01900000-0000-7000-8000-000000000001}",
        ]
    )
    func nothing(path: String) async throws {
        let api = try await TestAPI.withIssuer()
        #expect(await api.call("GET \(path)").refusal == .init(404, "not_found"))
        #expect(await api.call("GET \(path)", key: nil).refusal == .init(401, "unauthorized"))
    }

    @Test("a path segment is decoded once, and an encoded slash stays inside it")
    func segments() async throws {
        let api = try await TestAPI.withIssuer()
        let names = [
            "https:%2F%2Frp.example%2Fa%20b": "https://rp.example/a b", "a%252Fb": "a%2Fb", "a+b": "a+b",
        ]
        for (path, clientID) in names {
            try await api.makeClient(path)
            let answer = await api.call("GET /v1/issuers/acme/clients/\(path)")
            #expect(answer["client_id"] == .string(clientID))
        }
        #expect(await api.call("GET /v1/issuers/%61cme").status == 200)
    }
}
