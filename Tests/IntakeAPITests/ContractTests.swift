import IntakeAPI
import LastcallTestKit
import StrictJSON
import Testing

@Suite("Answers against the OpenAPI document", .lastcallDatabase)
struct ContractTests {
    @Test("answers of every route, and the bodies that they are given to, are as the document describes them")
    func answers() async throws {
        let api = try await TestAPI.withIssuer()
        let contract = try await Contract(api)
        var ids: [String: String] = [:]
        var called: Set<String> = []
        for call in GoodCall.making + GoodCall.telling + GoodCall.operating {
            if call.line.hasSuffix("/{delivery}") { try attempt(#require(ids["delivery"]), api) }
            let answer = try await call.made(to: api, &ids)
            #expect(answer.status < 300, "\(call.line): \(answer.text)")
            let faults = contract.faults(of: answer, to: call.route) + contract.faults(ofBodyOf: call)
            #expect(faults.isEmpty, "\(faults)")
            called.insert(call.route)
        }
        #expect(Set(api.api.routeNames).subtracting(called).isEmpty)
    }

    /// Writes attempts whose members are each there once.
    private func attempt(_ delivery: String, _ api: TestAPI) throws {
        try api.sql(
            """
            insert into lastcall.attempts (delivery_id, issuer_key, number, started_at, finished_at, outcome, latency_ms,
                http_status, late_http_status, jti, kid, remote_address, error)
            values ('\(delivery)', 1, 1, now(), now(), 'server_error', 4, 503, null, gen_random_uuid(), 'k1', '192.0.2.1', 'x'),
                ('\(delivery)', 1, 2, now(), now(), 'unknown', null, null, 200, null, null, null, null)
            """
        )
    }

    @Test(
        "the scope of a logout is what the document says: targets or a filter, never none or both",
        arguments: [
            (#"{"targets": []}"#, true), (#"{"session_id": "s"}"#, true), (#"{"sid": "s"}"#, true),
            (#"{"sub": "s"}"#, true), (#"{"user_id": "s"}"#, true), (#"{"user_agent_id": "s"}"#, true),
            (#"{"client_id": "s"}"#, true), (#"{"client_id": "s", "sub": "s", "sid": "s"}"#, true),
            ("{}", false), (#"{"initiator": "idp-logout"}"#, false),
            (#"{"targets": [], "sub": "s"}"#, false), (#"{"targets": [], "client_id": "s"}"#, false),
        ]
    )
    func scopes(body: String, isGood: Bool) async throws {
        let api = try await TestAPI.withIssuer()
        let contract = try await Contract(api)
        let call = GoodCall("POST \(GoodCall.events)", "POST /v1/issuers/acme/logout-events", body)
        #expect(contract.faults(ofBodyOf: call).isEmpty == isGood)
        let answer = await api.call(call.line, json: body)
        #expect(
            isGood ? answer.status == 202 : answer.refusal == .init(400, "invalid_scope"),
            "\(answer.text)"
        )
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
                (route.line(issuer: "acme", query: "x=1"), TestAPI.operatorKey, "{}", []),
                (
                    route.line(issuer: "acme"), TestAPI.operatorKey,
                    "{" + String(repeating: " ", count: 1_048_577) + "}", []
                ),
            ]
            for (line, key, body, headers) in lines {
                let isRead = route.route.hasPrefix("GET")
                let answer = await api.call(
                    line,
                    key: key,
                    json: isRead ? nil : body,
                    headers: headers.isEmpty ? route.headers : headers
                )
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
        var ids: [String: String] = [:]
        for call in GoodCall.making + GoodCall.telling + GoodCall.operating {
            _ = try await call.made(to: api, &ids)
        }
        let issuer = #"{"issuer": "https://else.example"}"#
        let source = #"{"alg": "ES256", "kid": "k1"}"#
        let key = [("idempotency-key", "k")]
        let events = "/v1/issuers/acme/logout-events", deliveries = "/v1/issuers/acme/deliveries"
        // In this order: the event is open again, and then ended, and its delivery accepted.
        let cases: [(call: GoodCall, code: String)] = [
            (
                .init("POST \(GoodCall.events)", "POST \(events)", #"{"targets": []}"#, headers: key),
                "idempotency_conflict"
            ),
            (.init("DELETE /v1/issuers/{issuer}", "DELETE /v1/issuers/acme"), "still_in_use"),
            (.init("PUT /v1/issuers/{issuer}", "PUT /v1/issuers/acme", issuer), "still_in_use"),
            (.init("POST \(GoodCall.keys)", "POST /v1/issuers/acme/signing-keys", source), "already_exists"),
            (
                .init(
                    "POST \(GoodCall.redeliveries)/{id}/cancel",
                    "POST /v1/issuers/acme/redeliveries/{redelivery}/cancel"
                ), "already_ended"
            ),
            (
                .init(
                    "POST \(GoodCall.deliveries)/{id}/redeliver",
                    "POST \(deliveries)/{delivery}/redeliver"
                ), "not_ended"
            ),
        ]
        for (call, code) in cases { try await expect(code, call, api, contract, &ids) }
        try await api.call("POST \(events)/\(#require(ids["event"]))/cancel").require(200)
        try await expect(
            "already_ended",
            .init("POST \(GoodCall.events)/{id}/cancel", "POST \(events)/{event}/cancel"),
            api,
            contract,
            &ids
        )
        try api.sql("update lastcall.deliveries set status = 'delivered', reason = null")
        try await expect(
            "already_delivered",
            .init("POST \(GoodCall.deliveries)/{id}/redeliver", "POST \(deliveries)/{delivery}/redeliver"),
            api,
            contract,
            &ids
        )
    }

    private func expect(
        _ code: String,
        _ call: GoodCall,
        _ api: TestAPI,
        _ contract: Contract,
        _ ids: inout [String: String]
    )
        async throws
    {
        let answer = try await call.made(to: api, &ids)
        #expect(answer.refusal == .init(409, code), "\(call.line): \(answer.text)")
        #expect(contract.faults(of: answer, to: call.route).isEmpty)
    }
}
