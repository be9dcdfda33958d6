import IntakeAPI
import LastcallTestKit
import LogoutModel
import Outbox
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
        for call in GoodCall.making + GoodCall.telling + GoodCall.watching + GoodCall.operating {
            if call.line.hasSuffix("/{delivery}") { try attempt(#require(ids["delivery"]), api) }
            if call.line.hasSuffix("/seals") { try await seal(api) }
            let answer =
                call.line.hasSuffix("/probe")
                ? try await probe(call, api) : try await call.made(to: api, &ids)
            #expect(answer.status < 300, "\(call.line): \(answer.text)")
            let faults = contract.faults(of: answer, to: call.route) + contract.faults(ofBodyOf: call)
            #expect(faults.isEmpty, "\(faults)")
            called.insert(call.route)
        }
        #expect(Set(api.api.routeNames).subtracting(called).isEmpty)
    }

    /// Makes the call while a worker answers it.
    private func probe(_ call: GoodCall, _ api: TestAPI) async throws -> Answer {
        async let answer = api.call(call.line)
        try await api.withStore { store, worker in
            let taken = try await eventually("a probe") {
                try await store.takeProbes(limit: 1, worker: worker, usualTimeout: 5).first
            }
            let result = ProbeResult(outcome: .rejected, httpStatus: 400, latencyMilliseconds: 4)
            try await store.finishProbe(taken.id, worker: worker, result)
        }
        return await answer
    }

    /// Seals what there is of both trails.
    private func seal(_ api: TestAPI) async throws {
        try await AuditStreamTests.settle(api)
        try await api.withStore { store, _ in
            for issuer: Int32 in [0, 1] { _ = try await store.sealAudit(of: issuer) }
        }
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
        let fixed: Set = ["GET /healthz", "GET /readyz", "GET /openapi.json", "GET /docs"]
        for route in RouteScope.all where !fixed.contains(route.route) {
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
                if key == nil, line.contains("/v1/") { #expect(answer.status == 401, "\(line)") }
                if line.contains("/issuers/ghost/") { #expect(answer.status == 404, "\(line)") }
                if line.contains("x=1") { #expect(answer.status == 400, "\(line)") }
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
        let events = "/v1/issuers/acme/logout-events"
        let cancelEvent = GoodCall("POST \(GoodCall.events)/{id}/cancel", "POST \(events)/{event}/cancel")
        let redeliver = GoodCall(
            "POST \(GoodCall.deliveries)/{id}/redeliver",
            "POST /v1/issuers/acme/deliveries/{delivery}/redeliver"
        )
        let cancelRedelivery = GoodCall(
            "POST \(GoodCall.redeliveries)/{id}/cancel",
            "POST /v1/issuers/acme/redeliveries/{redelivery}/cancel"
        )
        func refuse(_ cases: [(call: GoodCall, code: String)]) async throws {
            for (call, code) in cases {
                let answer = try await call.made(to: api, &ids)
                #expect(answer.refusal == .init(409, code), "\(call.line): \(answer.text)")
                #expect(contract.faults(of: answer, to: call.route).isEmpty)
            }
        }
        // The redelivery is over, and the event's delivery open again.
        try await refuse([
            (
                .init("POST \(GoodCall.events)", "POST \(events)", #"{"targets": []}"#, headers: key),
                "idempotency_conflict"
            ),
            (.init("DELETE /v1/issuers/{issuer}", "DELETE /v1/issuers/acme"), "still_in_use"),
            (.init("PUT /v1/issuers/{issuer}", "PUT /v1/issuers/acme", issuer), "still_in_use"),
            (.init("POST \(GoodCall.keys)", "POST /v1/issuers/acme/signing-keys", source), "already_exists"),
            (cancelRedelivery, "already_ended"), (redeliver, "not_ended"),
        ])
        try await cancelEvent.made(to: api, &ids).require(200)
        try api.sql("update lastcall.deliveries set status = 'delivered', reason = null")
        try await refuse([(cancelEvent, "already_ended"), (redeliver, "already_delivered")])
    }
}
