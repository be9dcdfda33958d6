import LastcallTestKit
import StrictJSON

/// A call that is answered with what was asked for, and the route that it goes to.
///
/// `{name}` in its line stands for the id that an earlier call was answered with; see ``keeps``.
struct GoodCall: Sendable {
    let route: String
    let line: String
    var body: String?
    var headers: [(String, String)]
    /// Under which name the answer's id is kept.
    var keeps: String?

    init(
        _ route: String,
        _ line: String,
        _ body: String? = nil,
        headers: [(String, String)] = [],
        keeps: String? = nil
    ) {
        self.route = route
        self.line = line
        self.body = body
        self.headers = headers
        self.keeps = keeps
    }

    /// Makes the call, and keeps the id in its answer.
    func made(to api: TestAPI, _ ids: inout [String: String]) async throws -> Answer {
        let filled = ids.reduce(line) { $0.replacing("{\($1.key)}", with: $1.value) }
        let answer = await api.call(filled, json: body, headers: headers)
        if let keeps { ids[keeps] = try answer.text("id") }
        // A delivery's id is its event's with the ordinal at its end.
        if keeps == "event", let event = ids["event"] { ids["delivery"] = event.dropLast(6) + "000001" }
        return answer
    }

    static let keys = "/v1/issuers/{issuer}/signing-keys"
    static let clients = "/v1/issuers/{issuer}/clients"
    static let sessions = "/v1/issuers/{issuer}/sessions"
    static let events = "/v1/issuers/{issuer}/logout-events"
    static let deliveries = "/v1/issuers/{issuer}/deliveries"
    static let redeliveries = "/v1/issuers/{issuer}/redeliveries"
    static let audit = "/v1/issuers/{issuer}/audit-events"

    /// What is there at once, and what makes the world that the others show.
    static let making: [GoodCall] = [
        GoodCall("GET /healthz", "GET /healthz"), GoodCall("GET /readyz", "GET /readyz"),
        GoodCall("GET /openapi.json", "GET /openapi.json"), GoodCall("GET /docs", "GET /docs"),
        GoodCall("PUT /v1/issuers/{issuer}", "PUT /v1/issuers/acme", policy),
        GoodCall("PUT /v1/issuers/{issuer}", "PUT /v1/issuers/new", #"{"issuer": "https://new.example"}"#),
        GoodCall("GET /v1/issuers", "GET /v1/issuers"),
        GoodCall("GET /v1/issuers/{issuer}", "GET /v1/issuers/acme"),
        GoodCall("DELETE /v1/issuers/{issuer}", "DELETE /v1/issuers/new"),
        GoodCall("POST \(keys)", "POST /v1/issuers/acme/signing-keys", #"{"alg": "ES256", "kid": "k1"}"#),
        GoodCall("POST \(keys)", "POST /v1/issuers/acme/signing-keys", #"{"alg": "ES256", "kid": "k2"}"#),
        GoodCall("GET \(keys)", "GET /v1/issuers/acme/signing-keys"),
        GoodCall("GET \(keys)/{kid}", "GET /v1/issuers/acme/signing-keys/k1"),
        GoodCall(
            "POST \(keys)/{kid}/activate",
            "POST /v1/issuers/acme/signing-keys/k2/activate",
            #"{"force": true}"#
        ),
        GoodCall(
            "POST \(keys)/{kid}/retire",
            "POST /v1/issuers/acme/signing-keys/k2/retire",
            #"{"force": true}"#
        ),
        GoodCall("GET /issuers/{issuer}/jwks.json", "GET /issuers/acme/jwks.json"),
        GoodCall("PUT \(clients)/{client_id}", "PUT /v1/issuers/acme/clients/rp", client),
        GoodCall("PUT \(clients)/{client_id}", "PUT /v1/issuers/acme/clients/rp", client),
        GoodCall("PUT \(clients)/{client_id}", "PUT /v1/issuers/acme/clients/bare", "{}"),
        GoodCall("PUT \(clients)/{client_id}", "PUT /v1/issuers/acme/clients/receiver", receiver),
        GoodCall("POST \(clients)/{client_id}/hold", "POST /v1/issuers/acme/clients/rp/hold"),
        GoodCall("GET \(clients)", "GET /v1/issuers/acme/clients"),
        GoodCall("POST \(clients)/{client_id}/release", "POST /v1/issuers/acme/clients/rp/release", "{}"),
        GoodCall("GET \(clients)/{client_id}", "GET /v1/issuers/acme/clients/rp"),
        GoodCall(participation, "PUT /v1/issuers/acme/sessions/op-1/clients/rp", #"{"sub": "s"}"#),
        GoodCall(participation, "PUT /v1/issuers/acme/sessions/op-1/clients/rp", #"{"sub": "t"}"#),
        GoodCall(participation, "PUT /v1/issuers/acme/sessions/op-2/clients/rp", login),
        GoodCall("POST \(sessions)/import", "POST /v1/issuers/acme/sessions/import", lines, headers: ndjson),
        GoodCall("GET \(sessions)", "GET /v1/issuers/acme/sessions?client_id=rp&limit=2"),
        GoodCall("POST /v1/api-keys", "POST /v1/api-keys", accessKey, keeps: "key"),
    ]

    /// Logouts by targets and by filters, and what shows them.
    static let telling: [GoodCall] =
        [
            #"{"session_id": "op-1", "sub": "t"}"#, #"{"user_id": "alice", "user_agent_id": "firefox"}"#,
            #"{"sid": "7", "priority": "bulk", "deliver_within_seconds": 60}"#, #"{"client_id": "rp"}"#,
            #"{"sub": "nobody", "session_durability": "durable"}"#,
        ].map { GoodCall("POST \(events)", "POST /v1/issuers/acme/logout-events", $0) } + [
            GoodCall("POST \(events)", "POST /v1/issuers/acme/logout-events", event, keeps: "event"),
            GoodCall("POST \(events)", "POST /v1/issuers/acme/logout-events", event, headers: repeatable),
            GoodCall(
                "POST \(events)",
                "POST /v1/issuers/acme/logout-events",
                event,
                headers: repeatable + [("prefer", "wait=1")]
            ),
            GoodCall("GET \(events)", "GET /v1/issuers/acme/logout-events"),
            GoodCall("GET \(events)", "GET /v1/issuers/acme/logout-events?session_id=op-1"),
            GoodCall("GET \(events)/{id}", "GET /v1/issuers/acme/logout-events/{event}?wait=0"),
            GoodCall("GET \(deliveries)", "GET /v1/issuers/acme/deliveries"),
            GoodCall("GET \(deliveries)/{id}", "GET /v1/issuers/acme/deliveries/{delivery}"),
            GoodCall("GET /v1/issuers/{issuer}/logout-status", "GET /v1/issuers/acme/logout-status?sub=s"),
        ]

    /// What needs a worker or the sealing beside the API: a probe and the audit trails.
    static let watching: [GoodCall] = [
        GoodCall("POST \(clients)/{client_id}/probe", "POST /v1/issuers/acme/clients/rp/probe"),
        GoodCall("GET \(audit)", "GET /v1/issuers/acme/audit-events?severity=info&severity=notice"),
        GoodCall("GET \(audit)/stream", "GET /v1/issuers/acme/audit-events/stream?client_id=rp"),
        GoodCall("GET \(audit)/seals", "GET /v1/issuers/acme/audit-events/seals"),
        GoodCall("GET /v1/audit-events", "GET /v1/audit-events"),
        GoodCall("GET /v1/audit-events/stream", "GET /v1/audit-events/stream"),
        GoodCall("GET /v1/audit-events/seals", "GET /v1/audit-events/seals"),
    ]

    /// What an operator does to them, and what takes the world down.
    static let operating: [GoodCall] = [
        GoodCall("POST \(events)/{id}/cancel", "POST /v1/issuers/acme/logout-events/{event}/cancel"),
        GoodCall("GET \(deliveries)", "GET /v1/issuers/acme/deliveries?status=cancelled"),
        GoodCall(
            "POST \(redeliveries)",
            "POST /v1/issuers/acme/redeliveries",
            #"{"filter": {"client_id": "rp"}, "dry_run": true}"#
        ),
        GoodCall("POST \(redeliveries)", "POST /v1/issuers/acme/redeliveries", many, keeps: "redelivery"),
        GoodCall("GET \(redeliveries)", "GET /v1/issuers/acme/redeliveries?status=running&status=done"),
        GoodCall("GET \(redeliveries)/{id}", "GET /v1/issuers/acme/redeliveries/{redelivery}"),
        GoodCall(
            "POST \(redeliveries)/{id}/cancel",
            "POST /v1/issuers/acme/redeliveries/{redelivery}/cancel"
        ),
        GoodCall(
            "POST \(deliveries)/{id}/redeliver",
            "POST /v1/issuers/acme/deliveries/{delivery}/redeliver",
            #"{"force": false, "deliver_within_seconds": 60}"#
        ),
        GoodCall(
            "DELETE \(sessions)/{session_id}/clients/{client_id}",
            "DELETE /v1/issuers/acme/sessions/op-3/clients/bare?sid=8"
        ),
        GoodCall("DELETE \(clients)/{client_id}", "DELETE /v1/issuers/acme/clients/bare"),
        GoodCall("GET /v1/api-keys", "GET /v1/api-keys"),
        GoodCall("DELETE /v1/api-keys/{id}", "DELETE /v1/api-keys/{key}"),
    ]

    private static let participation = "PUT \(sessions)/{session_id}/clients/{client_id}"
    private static let ndjson = [("content-type", "application/x-ndjson")]
    private static let repeatable = [("idempotency-key", "k")]
    private static let policy = """
        {"issuer": "https://acme.example", "retention_days": 7, "session_durability": "volatile",
         "completion_webhook": {"url": "https://acme.example/hook", "secret": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"},
         "egress": {"allow_cidrs": ["10.0.0.0/8"], "deny_cidrs": ["10.1.0.0/16"], "allow_ports": [443], "deny_ports": [22],
            "allow_hosts": ["rp.example", "*.example"], "deny_hosts": ["evil.example"]},
         "delivery": {"attempt_timeout_seconds": 0.5, "deliver_within_seconds": 60, "max_attempts": 3, "max_in_flight": 1024,
            "retry_waits_seconds": [0.01, 5], "retry_after_cap_seconds": 0, "token_lifetime_seconds": 30}}
        """
    private static let client = """
        {"backchannel_logout_uri": "https://rp.example/logout", "client_name": "An RP", "jwks": {"keys": [
          {"kty": "EC", "crv": "P-256", "x": "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
           "y": "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck"}]}, "tls_client_certificate": "us", "ca": "theirs",
         "id_token_encrypted_response_alg": "ECDH-ES+A128KW", "id_token_encrypted_response_enc": "A256GCM",
         "delivery": {"max_in_flight": 1}}
        """
    private static let receiver = """
        {"shared_signals": {"method": "urn:ietf:rfc:8935", "endpoint_url": "https://receiver.example/events", "aud": "receiver",
          "events_requested": ["https://schemas.openid.net/secevent/caep/event-type/session-revoked"],
          "authorization_header": "Bearer receiver-credential"}}
        """
    private static let login = """
        {"sub": "s", "sid": "7", "user_id": "alice", "user_agent_id": "firefox", "expires_at": "2999-01-01T00:00:00Z"}
        """
    /// The last two cannot be imported.
    private static let lines = """
        {"session_id": "op-3", "client_id": "rp", "sub": "u", "sid": "7"}
        {"session_id": "op-3", "client_id": "bare", "sub": "u", "sid": "8", "user_agent_id": "firefox"}
        {"session_id": "op-3", "client_id": "ghost", "sub": "u"}
        {"session_id": "op-3", "client_id": "rp", "sub": "u", "expires_at": "2001-01-01T00:00:00Z"}
        """
    private static let accessKey = #"{"name": "n", "issuer": "acme", "scopes": ["read"]}"#
    static let event = """
        {"targets": [{"client_id": "rp", "sub": "s", "sid": "1"}, {"client_id": "bare", "sub": "s"},
         {"client_id": "ghost", "sid": "2"}], "initiator": "rp-logout", "initiating_client_id": "rp"}
        """
    private static let many = """
        {"filter": {"client_id": "rp", "status": "cancelled", "reason": ["cancelled_by_operator", "rejected"],
         "created_after": "2026-01-01T00:00:00Z", "created_before": "2999-01-01T00:00:00Z"},
         "deliver_within_seconds": 60, "rate_per_second": 10000}
        """
}
