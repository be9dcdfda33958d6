import IntakeAPI
import LastcallTestKit
import StrictJSON
import Testing

@Suite("Answers against the OpenAPI document", .lastcallDatabase)
struct ContractTests {
    /// Calls of every route that are answered with what was asked for.
    static let good: [(route: String, line: String, body: String?)] = [
        ("GET /healthz", "GET /healthz", nil), ("GET /readyz", "GET /readyz", nil),
        ("GET /openapi.json", "GET /openapi.json", nil),
        ("PUT /v1/issuers/{issuer}", "PUT /v1/issuers/acme", policy),
        ("PUT /v1/issuers/{issuer}", "PUT /v1/issuers/new", #"{"issuer": "https://new.example"}"#),
        ("GET /v1/issuers", "GET /v1/issuers", nil),
        ("GET /v1/issuers/{issuer}", "GET /v1/issuers/acme", nil),
        ("DELETE /v1/issuers/{issuer}", "DELETE /v1/issuers/new", nil),
        ("POST \(keys)", "POST /v1/issuers/acme/signing-keys", #"{"alg": "ES256", "kid": "k1"}"#),
        ("POST \(keys)", "POST /v1/issuers/acme/signing-keys", #"{"alg": "ES256", "kid": "k2"}"#),
        ("GET \(keys)", "GET /v1/issuers/acme/signing-keys", nil),
        ("GET \(keys)/{kid}", "GET /v1/issuers/acme/signing-keys/k1", nil),
        (
            "POST \(keys)/{kid}/activate", "POST /v1/issuers/acme/signing-keys/k2/activate",
            #"{"force": true}"#
        ),
        ("POST \(keys)/{kid}/retire", "POST /v1/issuers/acme/signing-keys/k2/retire", #"{"force": true}"#),
        ("GET /issuers/{issuer}/jwks.json", "GET /issuers/acme/jwks.json", nil),
        ("PUT \(clients)/{client_id}", "PUT /v1/issuers/acme/clients/rp", client),
        ("PUT \(clients)/{client_id}", "PUT /v1/issuers/acme/clients/rp", client),
        ("PUT \(clients)/{client_id}", "PUT /v1/issuers/acme/clients/bare", "{}"),
        ("GET \(clients)", "GET /v1/issuers/acme/clients", nil),
        ("GET \(clients)/{client_id}", "GET /v1/issuers/acme/clients/rp", nil),
        ("POST \(events)", "POST /v1/issuers/acme/logout-events", event),
        ("GET \(events)", "GET /v1/issuers/acme/logout-events", nil),
        ("GET /v1/issuers/{issuer}/deliveries", "GET /v1/issuers/acme/deliveries", nil),
        ("GET /v1/issuers/{issuer}/logout-status", "GET /v1/issuers/acme/logout-status?sub=s", nil),
        ("GET /v1/issuers/{issuer}/audit-events", "GET /v1/issuers/acme/audit-events", nil),
        ("POST /v1/api-keys", "POST /v1/api-keys", #"{"name": "n", "issuer": "acme", "scopes": ["read"]}"#),
        ("GET /v1/api-keys", "GET /v1/api-keys", nil),
        ("DELETE \(clients)/{client_id}", "DELETE /v1/issuers/acme/clients/bare", nil),
    ]

    private static let keys = "/v1/issuers/{issuer}/signing-keys"
    private static let clients = "/v1/issuers/{issuer}/clients"
    private static let events = "/v1/issuers/{issuer}/logout-events"
    private static let policy = """
        {"issuer": "https://acme.example", "retention_days": 7, "session_durability": "volatile",
         "delivery": {"attempt_timeout_seconds": 0.5, "deliver_within_seconds": 60, "max_attempts": 3, "max_in_flight": 1024,
            "retry_waits_seconds": [0.01, 5], "retry_after_cap_seconds": 0, "token_lifetime_seconds": 30}}
        """
    private static let client = """
        {"backchannel_logout_uri": "https://rp.example/logout", "client_name": "An RP", "jwks": {"keys": []},
         "delivery": {"max_in_flight": 1}}
        """
    private static let event = """
        {"targets": [{"client_id": "rp", "sub": "s", "sid": "1"}, {"client_id": "bare", "sub": "s"},
         {"client_id": "ghost", "sid": "2"}], "initiator": "rp-logout", "initiating_client_id": "rp"}
        """

    @Test("answers of every route are as the document describes them")
    func answers() async throws {
        let api = try await TestAPI.withIssuer()
        let contract = try await Contract(api)
        var called: Set<String> = []
        for (route, line, body) in Self.good {
            let answer = await api.call(line, json: body)
            #expect(answer.status < 300, "\(line): \(answer.text)")
            #expect(
                contract.faults(of: answer, to: route).isEmpty,
                "\(contract.faults(of: answer, to: route))"
            )
            called.insert(route)
            if route.hasSuffix("/logout-status") { continue }
            if line.hasPrefix("POST /v1/issuers/acme/logout-events") { try api.noteSubjects() }
        }
        for (route, line, headers) in try await idCalls(api) {
            let answer = await api.call(
                line,
                json: line.hasPrefix("POST") ? Self.event : nil,
                headers: headers
            )
            #expect(answer.status < 300, "\(line): \(answer.text)")
            #expect(
                contract.faults(of: answer, to: route).isEmpty,
                "\(contract.faults(of: answer, to: route))"
            )
            called.insert(route)
        }
        #expect(Set(api.api.routeNames).subtracting(called).isEmpty)
    }

    /// Calls whose path has an id, which is known only now; the delivery among them has been tried.
    private func idCalls(_ api: TestAPI) async throws -> [(
        route: String, line: String, headers: [(String, String)]
    )] {
        let event = try #require(
            await api.call("GET /v1/issuers/acme/logout-events")["items"]?.elements.first?["id"]?.string
        )
        let delivery = event.dropLast(6) + "000001"
        try api.sql(
            """
            insert into lastcall.attempts (delivery_id, issuer_key, number, started_at, finished_at, outcome, latency_ms,
                http_status, late_http_status, jti, kid, remote_address, error)
            values ('\(delivery)', 1, 1, now(), now(), 'server_error', 4, 503, null, gen_random_uuid(), 'k1', '192.0.2.1', 'x'),
                ('\(delivery)', 1, 2, now(), now(), 'unknown', null, null, 200, null, null, null, null)
            """
        )
        let key = try #require(await api.call("GET /v1/api-keys")["items"]?.elements.first?["id"]?.string)
        return [
            ("GET \(Self.events)/{id}", "GET /v1/issuers/acme/logout-events/\(event)?wait=0", []),
            ("GET /v1/issuers/{issuer}/deliveries/{id}", "GET /v1/issuers/acme/deliveries/\(delivery)", []),
            ("POST \(Self.events)", "POST /v1/issuers/acme/logout-events", [("idempotency-key", "k")]),
            (
                "POST \(Self.events)", "POST /v1/issuers/acme/logout-events",
                [("idempotency-key", "k"), ("prefer", "wait=1")]
            ),
            ("DELETE /v1/api-keys/{id}", "DELETE /v1/api-keys/\(key)", []),
        ]
    }

    @Test("refusals of every route are as the document describes them")
    func refusals() async throws {
        let api = try await TestAPI.withIssuer()
        let contract = try await Contract(api)
        let key = try await api.makeKey(of: "acme", ["sessions"])
        for route in RouteScope.all where !route.route.hasSuffix("z") && route.route != "GET /openapi.json" {
            let lines: [(String, String?, String?, [(String, String)])] = [
                (route.line(issuer: "acme"), nil, "{}", []), (route.line(issuer: "acme"), key, "{}", []),
                (route.line(issuer: "ghost"), TestAPI.operatorKey, "{", []),
                (route.line(issuer: "acme"), TestAPI.operatorKey, "[", []),
                (route.line(issuer: "acme"), TestAPI.operatorKey, "[]", [("content-type", "text/plain")]),
                (route.line(issuer: "acme") + "?x=1", TestAPI.operatorKey, "{}", []),
                (
                    route.line(issuer: "acme"), TestAPI.operatorKey,
                    "{" + String(repeating: " ", count: 1_048_577) + "}", []
                ),
            ]
            for (line, key, body, headers) in lines {
                let isRead = route.route.hasPrefix("GET")
                let answer = await api.call(line, key: key, json: isRead ? nil : body, headers: headers)
                #expect(
                    contract.faults(of: answer, to: route.route).isEmpty,
                    "\(contract.faults(of: answer, to: route.route))"
                )
            }
        }
    }

    @Test("conflicts are as the document describes them")
    func conflicts() async throws {
        let api = try await TestAPI.withIssuer()
        let contract = try await Contract(api)
        for (route, line, body) in Self.good { _ = await api.call(line, json: body); _ = route }
        let key = [("idempotency-key", "c")]
        _ = await api.call("POST /v1/issuers/acme/logout-events", json: Self.event, headers: key)
        let cases: [(String, String, String?, String)] = [
            (
                "POST \(Self.events)", "POST /v1/issuers/acme/logout-events", #"{"targets": []}"#,
                "idempotency_conflict"
            ),
            ("DELETE /v1/issuers/{issuer}", "DELETE /v1/issuers/acme", nil, "still_in_use"),
            (
                "PUT /v1/issuers/{issuer}", "PUT /v1/issuers/acme", #"{"issuer": "https://else.example"}"#,
                "still_in_use"
            ),
            (
                "POST \(Self.keys)", "POST /v1/issuers/acme/signing-keys", #"{"alg": "ES256", "kid": "k1"}"#,
                "already_exists"
            ),
        ]
        for (route, line, body, code) in cases {
            let answer = await api.call(line, json: body, headers: key)
            #expect(answer.refusal == .init(409, code), "\(line): \(answer.text)")
            #expect(contract.faults(of: answer, to: route).isEmpty)
        }
    }
}
