import IntakeAPI
import LastcallTestKit
import StrictJSON
import Testing

@Suite("Problem codes", .lastcallDatabase)
struct ProblemCodeTests {
    @Test("every code that the document names is met, by an answer that is as the document describes it")
    func codes() async throws {
        let api = try await TestAPI.withIssuer()
        let contract = try await Contract(api)
        var met: Set<String> = []
        func meet(_ code: String, _ route: String, _ answer: Answer) {
            #expect(answer.refusal.code == code, "\(route): \(answer.text)")
            let faults = answer.status == 405 ? [] : contract.faults(of: answer, to: route)
            #expect(faults.isEmpty && contract.faults(ofRefusal: answer).isEmpty, "\(faults)")
            met.insert(code)
        }
        for refused in try await calls(api) { meet(refused.code, refused.route, await refused.made(to: api)) }

        let slow = APIRequest(
            method: "POST",
            path: "/v1/issuers/acme/logout-events",
            headers: [
                ("authorization", "Bearer \(TestAPI.operatorKey)"), ("content-type", "application/json"),
            ]
        ) { _ in throw APIRequest.BodyTooSlow() }
        meet("request_timeout", "POST \(GoodCall.events)", Answer(await api.api.respond(to: slow)))

        let busy = try TestAPI {
            $0.keyCallsPerSecond = 1
            $0.keyBurstCalls = 1
        }
        let key = try await api.makeKey(of: "acme", ["read"])
        var answers: [Answer] = []
        for _ in 0..<10 { answers.append(await busy.call("GET /v1/issuers", key: key)) }
        meet("rate_limited", "GET /v1/issuers", try #require(answers.first { $0.status != 200 }))
        let full = try TestAPI { $0.inProgressLimit = 0 }
        meet("unavailable", "GET /v1/issuers", await full.call("GET /v1/issuers"))
        try api.sql("alter table lastcall.clients rename column client_id to another")
        let broken = try TestAPI()
        meet("internal_error", "GET \(GoodCall.clients)", await broken.call("GET /v1/issuers/acme/clients"))

        let named = contract.document["components"]?["schemas"]?["Problem"]?["properties"]?["code"]?["enum"]
        #expect(met == Set((named?.elements ?? []).compactMap(\.string)))
    }

    /// A call that is refused.
    private struct Refused {
        let code: String
        let route: String
        let line: String
        var body: String?
        var headers: [(String, String)] = []
        var key: String? = TestAPI.operatorKey

        func made(to api: TestAPI) async -> Answer {
            await api.call(line, key: key, json: body, headers: headers)
        }
    }

    /// Makes a world in which each of these is refused.
    private func calls(_ api: TestAPI) async throws -> [Refused] {
        let issuer = "/v1/issuers/acme"
        for client in ["rp", "slow"] { try await api.makeClient(client) }
        for kid in ["k1", "k2"] {
            let source = #"{"alg": "ES256", "kid": "\#(kid)"}"#
            try await api.call("POST \(issuer)/signing-keys", json: source).require(201)
        }
        let open = try await api.makeEvent(targets: #"[{"client_id": "slow", "sub": "s"}]"#)
        let ended = try await api.makeEvent(targets: #"[{"client_id": "rp", "sub": "s"}]"#)
        try await api.call("POST \(issuer)/logout-events/\(ended)/cancel").require(200)
        let once = [("idempotency-key", "k")]
        try await api.call("POST \(issuer)/logout-events", json: #"{"targets": []}"#, headers: once).require(
            202
        )
        let told = try await api.makeEvent(targets: #"[{"client_id": "rp", "sub": "t"}]"#)
        try await api.call("POST \(issuer)/logout-events/\(told)/cancel").require(200)
        try api.sql(
            """
            update lastcall.deliveries set status = 'delivered', reason = null
            where delivery_id = '\(told.dropLast(6))000001'
            """
        )
        let redeliver = "POST \(GoodCall.deliveries)/{id}/redeliver"
        return [
            Refused(code: "invalid_request", route: "GET /v1/issuers", line: "GET /v1/issuers?x=1"),
            Refused(
                code: "invalid_client_metadata",
                route: "PUT \(GoodCall.clients)/{client_id}",
                line: "PUT \(issuer)/clients/rp",
                body: #"{"backchannel_logout_uri": "ftp://rp.example"}"#
            ),
            Refused(
                code: "invalid_scope",
                route: "POST \(GoodCall.events)",
                line: "POST \(issuer)/logout-events",
                body: "{}"
            ),
            Refused(
                code: "invalid_key",
                route: "POST \(GoodCall.keys)",
                line: "POST \(issuer)/signing-keys",
                body: #"{"pem": "x", "alg": "RS256"}"#
            ),
            Refused(code: "unauthorized", route: "GET /v1/issuers", line: "GET /v1/issuers", key: nil),
            Refused(
                code: "insufficient_scope",
                route: "GET \(GoodCall.deliveries)",
                line: "GET \(issuer)/deliveries",
                key: try await api.makeKey(of: "acme", ["sessions"])
            ),
            Refused(code: "not_found", route: "GET /v1/issuers/{issuer}", line: "GET /v1/issuers/ghost"),
            Refused(code: "method_not_allowed", route: "PATCH /v1/issuers", line: "PATCH /v1/issuers"),
            Refused(
                code: "too_large",
                route: "PUT /v1/issuers/{issuer}",
                line: "PUT \(issuer)",
                body: "{" + String(repeating: " ", count: 1_048_577) + "}"
            ),
            Refused(
                code: "unsupported_media_type",
                route: "PUT /v1/issuers/{issuer}",
                line: "PUT \(issuer)",
                body: "{}",
                headers: [("content-type", "text/plain")]
            ),
            Refused(
                code: "idempotency_conflict",
                route: "POST \(GoodCall.events)",
                line: "POST \(issuer)/logout-events",
                body: #"{"targets": [{"client_id": "rp", "sub": "s"}]}"#,
                headers: once
            ),
            Refused(
                code: "already_exists",
                route: "POST \(GoodCall.keys)",
                line: "POST \(issuer)/signing-keys",
                body: #"{"alg": "ES256", "kid": "k1"}"#
            ),
            Refused(code: "still_in_use", route: "DELETE /v1/issuers/{issuer}", line: "DELETE \(issuer)"),
            Refused(
                code: "not_ended",
                route: redeliver,
                line: "POST \(issuer)/deliveries/\(open.dropLast(6))000001/redeliver"
            ),
            Refused(
                code: "already_ended",
                route: "POST \(GoodCall.events)/{id}/cancel",
                line: "POST \(issuer)/logout-events/\(ended)/cancel"
            ),
            Refused(
                code: "already_delivered",
                route: redeliver,
                line: "POST \(issuer)/deliveries/\(told.dropLast(6))000001/redeliver"
            ),
            Refused(
                code: "key_not_yet_published",
                route: "POST \(GoodCall.keys)/{kid}/activate",
                line: "POST \(issuer)/signing-keys/k2/activate"
            ),
            Refused(
                code: "last_active_key",
                route: "POST \(GoodCall.keys)/{kid}/retire",
                line: "POST \(issuer)/signing-keys/k1/retire"
            ),
        ]
    }
}
