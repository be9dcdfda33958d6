/// The routes of the API as `docs/api` lists them, with the scopes that open each: what the code is held against.
struct RouteScope: Sendable, CustomStringConvertible {
    let route: String
    /// Any of these will do; none: an operator's key alone; `nil`: no key is asked for.
    let scopes: Set<String>?

    var description: String { route }

    /// The route with its parameters filled in; the things it names need not be there.
    func line(issuer: String, query: String? = nil) -> String {
        let line = route.replacing("{issuer}", with: issuer).replacing("{client_id}", with: "nobody")
            .replacing("{session_id}", with: "none")
            .replacing("{kid}", with: "none").replacing("{id}", with: "01900000-0000-7000-8000-000000000001")
        // The list of sessions wants to know of whom.
        let needed = route == "GET /v1/issuers/{issuer}/sessions" ? "session_id=none" : nil
        let members = [needed, query].compactMap { $0 }
        return members.isEmpty ? line : line + "?" + members.joined(separator: "&")
    }

    /// What its body is, where it is not `application/json`.
    var headers: [(String, String)] {
        route.hasSuffix("/import") ? [("content-type", "application/x-ndjson")] : []
    }

    static let all: [RouteScope] = [
        RouteScope(route: "GET /healthz", scopes: nil),
        RouteScope(route: "GET /readyz", scopes: nil),
        RouteScope(route: "GET /openapi.json", scopes: nil),
        RouteScope(route: "GET /docs", scopes: nil),
        RouteScope(route: "GET /issuers/{issuer}/jwks.json", scopes: nil),
        RouteScope(route: "GET /v1/issuers", scopes: ["read"]),
        RouteScope(route: "GET /v1/issuers/{issuer}", scopes: ["read"]),
        RouteScope(route: "PUT /v1/issuers/{issuer}", scopes: []),
        RouteScope(route: "DELETE /v1/issuers/{issuer}", scopes: []),
        RouteScope(route: "GET /v1/issuers/{issuer}/signing-keys", scopes: ["admin", "read"]),
        RouteScope(route: "POST /v1/issuers/{issuer}/signing-keys", scopes: ["admin"]),
        RouteScope(route: "GET /v1/issuers/{issuer}/signing-keys/{kid}", scopes: ["admin", "read"]),
        RouteScope(route: "POST /v1/issuers/{issuer}/signing-keys/{kid}/activate", scopes: ["admin"]),
        RouteScope(route: "POST /v1/issuers/{issuer}/signing-keys/{kid}/retire", scopes: ["admin"]),
        RouteScope(route: "GET /v1/issuers/{issuer}/clients", scopes: ["clients", "read"]),
        RouteScope(route: "GET /v1/issuers/{issuer}/clients/{client_id}", scopes: ["clients", "read"]),
        RouteScope(route: "PUT /v1/issuers/{issuer}/clients/{client_id}", scopes: ["clients"]),
        RouteScope(route: "DELETE /v1/issuers/{issuer}/clients/{client_id}", scopes: ["clients"]),
        RouteScope(route: "POST /v1/issuers/{issuer}/clients/{client_id}/hold", scopes: ["operate"]),
        RouteScope(route: "POST /v1/issuers/{issuer}/clients/{client_id}/release", scopes: ["operate"]),
        RouteScope(route: "POST /v1/issuers/{issuer}/clients/{client_id}/probe", scopes: ["operate"]),
        RouteScope(route: "POST /v1/issuers/{issuer}/logout-events", scopes: ["logout"]),
        RouteScope(route: "GET /v1/issuers/{issuer}/logout-events", scopes: ["logout", "read"]),
        RouteScope(route: "GET /v1/issuers/{issuer}/logout-events/{id}", scopes: ["logout", "read"]),
        RouteScope(route: "GET /v1/issuers/{issuer}/logout-status", scopes: ["read"]),
        RouteScope(route: "GET /v1/issuers/{issuer}/deliveries", scopes: ["logout", "read"]),
        RouteScope(route: "GET /v1/issuers/{issuer}/deliveries/{id}", scopes: ["logout", "read"]),
        RouteScope(route: "POST /v1/issuers/{issuer}/logout-events/{id}/cancel", scopes: ["operate"]),
        RouteScope(route: "POST /v1/issuers/{issuer}/deliveries/{id}/redeliver", scopes: ["operate"]),
        RouteScope(route: "POST /v1/issuers/{issuer}/redeliveries", scopes: ["operate"]),
        RouteScope(route: "GET /v1/issuers/{issuer}/redeliveries", scopes: ["operate", "read"]),
        RouteScope(route: "GET /v1/issuers/{issuer}/redeliveries/{id}", scopes: ["operate", "read"]),
        RouteScope(route: "POST /v1/issuers/{issuer}/redeliveries/{id}/cancel", scopes: ["operate"]),
        RouteScope(route: "GET /v1/issuers/{issuer}/audit-events", scopes: ["read"]),
        RouteScope(route: "GET /v1/issuers/{issuer}/sessions", scopes: ["sessions", "read"]),
        RouteScope(route: "POST /v1/issuers/{issuer}/sessions/import", scopes: ["sessions"]),
        RouteScope(
            route: "PUT /v1/issuers/{issuer}/sessions/{session_id}/clients/{client_id}",
            scopes: ["sessions"]
        ),
        RouteScope(
            route: "DELETE /v1/issuers/{issuer}/sessions/{session_id}/clients/{client_id}",
            scopes: ["sessions"]
        ),
        RouteScope(route: "GET /v1/issuers/{issuer}/audit-events/stream", scopes: ["read"]),
        RouteScope(route: "GET /v1/issuers/{issuer}/audit-events/seals", scopes: ["read"]),
        RouteScope(route: "GET /v1/audit-events", scopes: []),
        RouteScope(route: "GET /v1/audit-events/stream", scopes: []),
        RouteScope(route: "GET /v1/audit-events/seals", scopes: []),
        RouteScope(route: "GET /v1/api-keys", scopes: ["admin"]),
        RouteScope(route: "POST /v1/api-keys", scopes: ["admin"]),
        RouteScope(route: "DELETE /v1/api-keys/{id}", scopes: ["admin"]),
    ]
}
