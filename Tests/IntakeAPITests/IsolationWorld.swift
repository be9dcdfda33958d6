import Foundation
import StrictJSON

/// Two issuers with all that they can have, and a key of the second one.
struct IsolationWorld: Sendable {
    /// In every text of the first issuer's that no call names.
    static let marker = "marker7f3a"
    static let own = "othe"

    let api: TestAPI
    let key: String
    let foreign: IsolationNames

    init() async throws {
        api = try TestAPI()
        var names = IsolationNames("acme")
        for word in [names.issuer, Self.own] { try await Self.fill(api, IsolationNames(word)) }
        let events = "/v1/issuers/acme/logout-events"
        names.event = try await api.call("GET \(events)").first("id")
        names.delivery = try await api.call("GET /v1/issuers/acme/deliveries").first("id")
        names.redelivery = try await api.call("GET /v1/issuers/acme/redeliveries").first("id")
        names.auditEvent = try await api.call("GET /v1/issuers/acme/audit-events").first("id")
        let admin = try await api.makeKey(of: "acme", TestAPI.scopes)
        names.accessKey = try await api.call("GET /v1/api-keys", key: admin).first("id")
        for route in RouteScope.all where route.route.hasPrefix("GET ") {
            let line = route.line(issuer: "acme", query: "limit=1")
            let answer = await api.call(line, key: route.scopes == [] ? TestAPI.operatorKey : admin)
            if let cursor = answer["next_cursor"]?.string { names.cursors[route.route] = cursor }
        }
        foreign = names
        key = try await api.makeKey(of: Self.own, TestAPI.scopes)
        // Now and then the first key of an alg is active at once; both of a pair come later.
        try await api.call("POST /v1/issuers/\(Self.own)/signing-keys", json: #"{"alg": "ES256"}"#).require(
            201
        )
    }

    private static func fill(_ api: TestAPI, _ names: IsolationNames) async throws {
        let issuer = names.issuer
        try await api.makeIssuer(issuer)
        let isOwn = issuer == own
        let mark = isOwn ? "own" : marker
        for client in isOwn ? ["own-rp"] : [names.client, "\(issuer)-\(marker)"] {
            let metadata =
                #"{"backchannel_logout_uri": "https://\#(issuer).example/\#(marker)", "client_name": "\#(marker)"}"#
            try await api.makeClient(client, of: issuer, isOwn ? "{}" : metadata)
        }
        let client = isOwn ? "own-rp" : names.client
        try await api.call(
            "POST /v1/issuers/\(issuer)/signing-keys",
            json: #"{"alg": "RS256", "kid": "\#(names.kid)"}"#
        )
        .require(201)
        for number in 1...3 {
            try await api.call(
                "PUT /v1/issuers/\(issuer)/sessions/\(names.session)-\(number)/clients/\(client)",
                json:
                    #"{"sub": "\#(names.sub)", "sid": "\#(names.sid)-\#(number)", "user_id": "\#(names.user)"}"#
            ).require(201)
            try await api.call(
                "POST /v1/issuers/\(issuer)/logout-events",
                json:
                    #"{"targets": [{"client_id": "\#(client)", "sub": "\#(names.sub)", "sid": "\#(mark)-\#(number)"}]}"#,
                headers: [("idempotency-key", "\(names.idempotencyKey)\(number == 1 ? "" : "-\(number)")")]
            ).require(202)
        }
        let redelivery = #"{"filter": {"client_id": "\#(client)", "status": "failed"}, "dry_run": true}"#
        for _ in 0..<2 {
            try await api.call("POST /v1/issuers/\(issuer)/redeliveries", json: redelivery).require(202)
        }
    }

    /// Everything that the first issuer has, table by table, without when its keys were used.
    func holdings() throws -> [String] {
        let tables = try api.sqlTexts(
            """
            select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid where c.relnamespace = 'lastcall'::regnamespace
                and c.relkind in ('r', 'p') and not c.relispartition and a.attname = 'issuer_key' order by 1
            """
        )
        return try tables.flatMap { table in
            try api.sqlTexts(
                """
                select '\(table): ' || coalesce(string_agg(t::text, ' ' order by t::text), '') from lastcall.\(table) t
                where issuer_key = (select issuer_key from lastcall.issuers where name = 'acme')
                """
            )
        }
    }
}

extension Answer {
    /// A member of the first item of a list.
    fileprivate func first(_ name: String) throws -> String {
        guard let text = self["items"]?.elements.first?[name]?.string else {
            throw Unexpected(description: "no items: \(text)")
        }
        return text
    }
}
