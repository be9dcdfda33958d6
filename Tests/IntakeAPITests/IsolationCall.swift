import Foundation

/// A call at random that names things by a set of names; the same draws make the same call with another set.
struct IsolationCall: Sendable {
    let route: String
    let line: String
    let body: String?
    let headers: [(String, String)]

    /// `issuer`: in the path.
    init(_ route: RouteScope, issuer: String, _ names: IsolationNames, _ draws: inout Draws) {
        self.route = route.route
        let parts = route.route.split(separator: " ").map(String.init)
        let method = draws.chance(3) ? draws.pick(["PATCH", "GET", "DELETE", "POST", "PUT"]) : parts[0]
        var path = parts[1].replacing("{issuer}", with: issuer).replacing("{client_id}", with: names.client)
            .replacing("{session_id}", with: names.session).replacing("{kid}", with: names.kid)
        path = path.replacing("{id}", with: names.id(in: route.route, &draws))
        let query = Self.query(parts[0], route.route, names, &draws)
        line = "\(method) \(path)" + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
        var headers: [(String, String)] = []
        if parts[0] == "GET" || (parts[0] == "DELETE" && !draws.chance(10)) {
            body = nil
        } else {
            body = Self.body(route.route, names, &draws)
            headers = route.headers
        }
        if route.route.hasSuffix("/logout-events"), draws.chance(40) {
            headers.append(("idempotency-key", names.idempotencyKey))
        }
        if route.route.hasSuffix("/stream"), draws.chance(50) {
            headers.append(("last-event-id", names.auditEvent))
        }
        self.headers = headers
    }

    private static func query(
        _ method: String,
        _ route: String,
        _ names: IsolationNames,
        _ draws: inout Draws
    ) -> [String] {
        if method == "DELETE", route.contains("/sessions/") {
            return draws.chance(50) ? ["sid=\(names.sid)"] : []
        }
        guard method == "GET" else { return [] }
        var filters: [String] =
            switch route {
            case let route where route.hasSuffix("/logout-events"):
                [
                    "client_id=\(names.client)", "sub=\(names.sub)", "sid=\(names.sid)",
                    "session_id=\(names.session)",
                    "user_id=\(names.user)", "user_agent_id=\(names.agent)", "status=completed",
                ]
            case let route where route.hasSuffix("/deliveries"):
                [
                    "client_id=\(names.client)", "sub=\(names.sub)", "sid=\(names.sid)",
                    "logout_event_id=\(names.event)", "status=failed",
                ]
            case let route where route.hasSuffix("/sessions"):
                [
                    "client_id=\(names.client)", "sub=\(names.sub)", "sid=\(names.sid)",
                    "session_id=\(names.session)",
                    "user_id=\(names.user)", "user_agent_id=\(names.agent)",
                ]
            case let route where route.hasSuffix("/logout-status"):
                [
                    "sub=\(names.sub)", "user_id=\(names.user)", "session_id=\(names.session)",
                    "logout_event_id=\(names.event)",
                ]
            case let route where route.contains("/audit-events") && !route.hasSuffix("/seals"):
                [
                    "client_id=\(names.client)", "logout_event_id=\(names.event)",
                    "delivery_id=\(names.delivery)",
                    "severity=info",
                ]
            default: []
            }
        filters.shuffle(using: &draws)
        var query = Array(filters.prefix(draws.pick([0, 1, 1, 1, 2])))
        if let cursor = names.cursors[route], draws.chance(25) { query.append("cursor=\(cursor)") }
        if draws.chance(20) { query.append("limit=2") }
        return query
    }

    private static func body(_ route: String, _ names: IsolationNames, _ draws: inout Draws) -> String {
        if draws.chance(5) { return draws.pick(["", "{", "[]", #"{"unknown": 1}"#]) }
        switch route {
        case let route where route.hasSuffix("/logout-events"):
            return draws.pick([
                #"{"targets": [{"client_id": "\#(names.client)", "sub": "\#(names.sub)", "sid": "\#(names.sid)"}]}"#,
                #"{"targets": [{"client_id": "\#(names.client)", "sid": "\#(names.sid)"}]}"#,
                #"{"session_id": "\#(names.session)"}"#, #"{"sub": "\#(names.sub)"}"#,
                #"{"sid": "\#(names.sid)"}"#,
                #"{"user_id": "\#(names.user)"}"#, #"{"user_agent_id": "\#(names.agent)"}"#,
                #"{"client_id": "\#(names.client)"}"#,
                #"{"sub": "\#(names.sub)", "initiating_client_id": "\#(names.client)", "exclude_initiating_client": true}"#,
            ])
        case let route where route.hasSuffix("/import"):
            return #"""
                {"session_id": "\#(names.session)", "client_id": "\#(names.client)", "sub": "\#(names.sub)"}
                """#
        case let route where route.contains("/sessions/"):
            return #"{"sub": "\#(names.sub)", "sid": "\#(names.sid)", "user_id": "\#(names.user)"}"#
        case let route where route.hasSuffix("/redeliveries"):
            return #"{"filter": {"client_id": "\#(names.client)"}, "dry_run": true}"#
        case let route where route.hasSuffix("/redeliver"): return #"{"force": true}"#
        case let route where route.hasSuffix("/signing-keys"):
            return #"{"alg": "ES256", "kid": "\#(names.kid)"}"#
        case "POST /v1/api-keys":
            return #"{"name": "n", "issuer": "\#(names.issuer)", "scopes": ["read"]}"#
        case let route where route.hasPrefix("PUT /v1/issuers/{issuer}/clients"): return "{}"
        case "PUT /v1/issuers/{issuer}": return #"{"issuer": "https://changed.example"}"#
        default: return "{}"
        }
    }
}

extension IsolationNames {
    /// What stands for `{id}`: what the route is about, or now and then something else.
    fileprivate func id(in route: String, _ draws: inout Draws) -> String {
        if draws.chance(10) { return draws.pick([event, delivery, redelivery, accessKey, auditEvent]) }
        if route.contains("/logout-events/") { return event }
        if route.contains("/deliveries/") { return delivery }
        if route.contains("/redeliveries/") { return redelivery }
        return accessKey
    }
}
