import LastcallTestKit
import StrictJSON
import Testing

@Suite("Nasty values and secrets", .lastcallDatabase)
struct SecrecyTests {
    /// What has broken other programs, each as it stands in JSON.
    static let nasty: [String] = [
        #""""#, #"" ""#, #""\u0001""#, #""\u007f""#, #""\u0085""#, #""\ud83d\ude00""#, #""\uffff""#,
        #""\u202e""#,
        #""'; drop table lastcall.clients; --""#, #""$1""#, #""%s%n""#, #""{\"a\":1}""#, #""\\""#,
        #""\\x00""#, #""null""#,
        #""infinity""#, #""-infinity""#, #""NaN""#, #""epoch""#, #""0000-00-00T00:00:00Z""#,
        #""9999-12-31T23:59:60Z""#, #""294277-01-01T00:00:00Z""#, #""../../etc/passwd""#, #""<script>""#,
        "\"\(String(repeating: "a", count: 2_800))\"", "\"\(String(repeating: "é", count: 200_000))\"",
        "\"\(String(repeating: "\\n", count: 300))\"", "0", "-0", "-1", "0.5", "1e309", "-1e309", "1e-400",
        "2147483648",
        "9223372036854775808", "123456789012345678901234567890", "1e131072", "true", "null", "[]", "{}",
        "[[]]",
        #"{"a": {"b": [1e400]}}"#, #"["\u0001"]"#,
    ]

    static let calls: [(line: String, members: [String], rest: String)] = [
        (
            "POST /v1/issuers/acme/logout-events",
            [
                "targets", "initiator", "initiating_client_id", "exclude_initiating_client",
                "session_durability",
                "deliver_before", "deliver_within_seconds", "priority", "session_id", "sid", "sub", "user_id",
                "user_agent_id", "client_id",
            ], #""targets": []"#
        ),
        (
            "PUT /v1/issuers/acme/clients/rp",
            [
                "backchannel_logout_uri", "backchannel_logout_session_required",
                "id_token_signed_response_alg",
                "client_name", "jwks", "jwks_uri", "delivery", "tls_client_certificate", "ca", "client_id",
                "shared_signals",
                "id_token_encrypted_response_alg", "id_token_encrypted_response_enc",
            ], ""
        ),
        (
            "PUT /v1/issuers/acme",
            [
                "issuer", "name", "session_durability", "session_expiry", "delivery", "completion_webhook",
                "retention_days",
            ], #""issuer": "https://acme.example""#
        ),
        ("POST /v1/issuers/acme/signing-keys", ["alg", "kid", "jwk", "pem"], #""alg": "ES256""#),
        (
            "PUT /v1/issuers/acme/sessions/s/clients/rp",
            ["sub", "sid", "user_id", "user_agent_id", "expires_at", "session_id"], #""sub": "u""#
        ),
        ("POST /v1/api-keys", ["name", "issuer", "scopes", "expires_at"], #""name": "n""#),
    ]

    @Test(
        "no value of any member is ever a 500, and what is accepted can be read back",
        arguments: calls.indices
    )
    func members(index: Int) async throws {
        let api = try await TestAPI.withIssuer()
        try await api.makeClient("rp")
        let (line, members, rest) = Self.calls[index]
        for member in members {
            for value in Self.nasty {
                let others = rest.contains("\"\(member)\"") || rest.isEmpty ? "" : ", \(rest)"
                let answer = await api.call(line, json: "{\"\(member)\": \(value)\(others)}")
                let isRefused = answer.status == 400 && !answer.refusal.code.hasPrefix("no problem")
                #expect(
                    isRefused || [200, 201, 202].contains(answer.status),
                    "\(member) \(value.prefix(60)): \(answer.text)"
                )
                if answer.status != 400 { #expect(answer.json != .null) }
            }
        }
        for list in ["clients", "logout-events", "deliveries", "audit-events", "signing-keys"] {
            let answer = await api.call("GET /v1/issuers/acme/\(list)")
            #expect(answer.status == 200 && answer.json != .null, "\(list) \(answer.text)")
        }
        #expect(!api.logs.lines.contains { $0.contains("call failed") })
    }

    @Test("no value in a target, a delivery policy or a JWK is ever a 500")
    func nested() async throws {
        let api = try await TestAPI.withIssuer()
        let policy = [
            "attempt_timeout_seconds", "deliver_within_seconds", "max_attempts", "max_in_flight",
            "retry_waits_seconds", "retry_after_cap_seconds", "token_lifetime_seconds",
        ]
        for value in Self.nasty {
            for member in ["client_id", "sub", "sid"] {
                let others = member == "client_id" ? #", "sub": "s""# : #", "client_id": "c""#
                let answer = await api.call(
                    "POST /v1/issuers/acme/logout-events",
                    json: "{\"targets\": [{\"\(member)\": \(value)\(others)}]}"
                )
                #expect([202, 400].contains(answer.status), "\(member) \(value.prefix(60)): \(answer.text)")
            }
            for member in ["method", "endpoint_url", "aud", "events_requested", "authorization_header"] {
                let others = [
                    (name: "method", value: #""urn:ietf:rfc:8935""#),
                    (name: "endpoint_url", value: #""https://rp.example/""#),
                ].filter { $0.name != member }.map { #", "\#($0.name)": \#($0.value)"# }.joined()
                for value in [value, "[\(value)]"] {
                    let answer = await api.call(
                        "PUT /v1/issuers/acme/clients/receiver",
                        json: "{\"shared_signals\": {\"\(member)\": \(value)\(others)}}"
                    )
                    #expect(
                        [200, 201, 400].contains(answer.status),
                        "\(member) \(value.prefix(60)): \(answer.text)"
                    )
                }
            }
            for member in policy {
                let body = "{\"delivery\": {\"\(member)\": \(value)}}"
                let answer = await api.call("PUT /v1/issuers/acme/clients/rp", json: body)
                #expect(
                    [200, 201, 400].contains(answer.status),
                    "\(member) \(value.prefix(60)): \(answer.text)"
                )
            }
            for member in ["kty", "alg", "kid", "n", "e", "d", "crv", "x", "y", "p"] {
                let body =
                    "{\"jwk\": {\"kty\": \"EC\", \"alg\": \"ES256\", \"\(member)x\": 1, \"\(member)\": \(value)}}"
                let answer = await api.call("POST /v1/issuers/acme/signing-keys", json: body)
                #expect(answer.status == 400, "\(member) \(value.prefix(60)): \(answer.text)")
            }
        }
        #expect(!api.logs.lines.contains { $0.contains("call failed") })
    }

    @Test("no value in a path, a query or a header field is ever a 500")
    func addresses() async throws {
        let api = try await TestAPI.withIssuer()
        let long = String(repeating: "a", count: 20_000)
        let values = [
            "%00", "%ff", "%25", "%27", "%5C", "%E2%80%AE", "%F0%9F%98%80", "..", "-1", long, "NaN", "'", "+",
            "%2B",
        ]
        let lists = [
            "logout-events", "deliveries", "audit-events", "clients", "sessions", "logout-status",
        ]
        let names = [
            "sub", "sid", "client_id", "status", "reason", "cursor", "limit", "created_after",
            "created_before",
            "initiator", "logout_event_id", "delivery_id", "type", "severity", "after", "before",
            "session_id", "user_id", "user_agent_id",
        ]
        for value in values {
            for list in lists {
                for name in names {
                    let answer = await api.call("GET /v1/issuers/acme/\(list)?\(name)=\(value)")
                    #expect(
                        [200, 400, 404].contains(answer.status),
                        "\(list) \(name)=\(value.prefix(20)): \(answer.text)"
                    )
                }
            }
            for route in RouteScope.all where route.route.hasPrefix("GET") {
                let line = route.route.replacing("{issuer}", with: "acme").replacing(
                    "{client_id}",
                    with: value
                )
                .replacing("{kid}", with: value).replacing("{id}", with: value)
                // Some lists must be told whom they are about.
                let isOpen = line.hasSuffix("/logout-status")
                let answer = await api.call(line.hasSuffix("/sessions") ? line + "?sub=s" : line)
                #expect(
                    (isOpen ? [400] : [200, 404]).contains(answer.status),
                    "\(line.prefix(80)): \(answer.text)"
                )
            }
            for field in [
                "idempotency-key", "traceparent", "prefer", "content-type", "accept", "x-forwarded-for",
            ] {
                let answer = await api.call(
                    "POST /v1/issuers/acme/logout-events",
                    json: #"{"targets": []}"#,
                    headers: [(field, value)]
                )
                #expect([202, 400, 415, 409, 200].contains(answer.status), "\(field): \(answer.text)")
            }
        }
        #expect(!api.logs.lines.contains { $0.contains("call failed") })
    }

    @Test("no log line and no problem document carries a key, a token, a sub or a sid")
    func logs() async throws {
        let api = try await TestAPI.withIssuer()
        try await api.makeClient("rp")
        let key = try await api.makeKey(of: "acme", ["logout"])
        let secrets = ["secret-sub", "secret-sid", "secret-key", String(key.suffix(43)), TestAPI.operatorKey]
        let line = "POST /v1/issuers/acme/logout-events"
        let good = #"{"targets": [{"client_id": "rp", "sub": "secret-sub", "sid": "secret-sid"}]}"#
        let refused = [
            await api.call(line, key: key + "x", json: good), await api.call("GET /v1/issuers", key: key),
            await api.call(line, key: key, json: good.replacing("rp", with: "é")),
            await api.call(line, key: key, json: good, headers: [("idempotency-key", "secret-key é")]),
            await api.call(
                line,
                key: key,
                json: good.replacing("}]", with: "}], \"initiator\": \"secret-sub\"")
            ),
            await api.call("GET /v1/issuers/acme/deliveries?sub=secret-sub%00"),
            await api.call("GET /v1/issuers/acme/deliveries?cursor=secret-key"),
            await api.call(
                "POST /v1/issuers/acme/signing-keys",
                json: #"{"alg": "RS256", "pem": "secret-key"}"#
            ),
            await api.call("GET /v1/issuers/\(TestAPI.operatorKey)"),
            await api.call("GET /secret-sub", key: "secret-key"),
        ]
        try api.sql("alter table lastcall.logout_events rename to moved")
        let broken = await api.call(line, key: key, json: good, headers: [("idempotency-key", "secret-key")])
        #expect(broken.refusal == .init(503, "unavailable"))
        try api.sql("alter table lastcall.moved rename to logout_events")
        try api.sql("alter table lastcall.delivery_queue add check (sub <> 'secret-sub')")
        let constrained = await api.call(
            line,
            key: key,
            json: good,
            headers: [("idempotency-key", "secret-key")]
        )
        #expect(constrained.refusal == .init(500, "internal_error"))
        for answer in refused { #expect((400...404).contains(answer.status), "\(answer.text)") }
        #expect(api.logs.lines.contains { $0.contains("call failed") })
        for text in (refused + [broken, constrained]).map(\.text) + api.logs.lines {
            for secret in secrets { #expect(!text.contains(secret), "\(text)") }
        }
    }
}
