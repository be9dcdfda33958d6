import Foundation
import LastcallTestKit
import StrictJSON
import Testing

/// An installation with something on every page.
struct ConsoleDemo: Sendable {
    let world: ConsoleWorld
    /// Every page by a name, and its address.
    let pages: [(name: String, path: String)]
    private let parties: [ScriptedRelyingParty]

    init() async throws {
        let authority = try TestAuthority.shared().authority
        let good = try ScriptedRelyingParty(authority: authority)
        let bad = try ScriptedRelyingParty(
            authority: authority,
            standing: .status(400, headers: ["Content-Type: application/json"], body: Self.refusal)
        )
        let down = try ScriptedRelyingParty(authority: authority, standing: .status(503))
        parties = [good, bad, down]
        world = try await ConsoleWorld(role: "up")
        try await world.prepare(
            "demo",
            clients: [
                "crm": good.uri(), "webshop": good.uri(), "intranet": good.uri(), "legacy-portal": bad.uri(),
                "reports": down.uri(),
                "mail": good.uri(), "billing": down.uri(),
            ]
        )
        try await world.prepare("staging", clients: [:])
        try await world.api("POST", "/v1/issuers/demo/signing-keys", #"{"alg": "ES256"}"#)
        try await world.api("POST", "/v1/issuers/demo/clients/mail/hold")
        try await world.api(
            "PUT",
            "/v1/issuers/demo/sessions/session-7/clients/intranet",
            #"{"sub": "user-7", "sid": "sid-7-intranet"}"#
        )
        var last = ""
        for user in 0..<24 {
            let clients =
                user % 6 == 0
                ? ["crm", "legacy-portal", "reports"] : user % 8 == 3 ? ["crm", "mail"] : ["crm", "webshop"]
            let targets = clients.map {
                #"{"client_id": "\#($0)", "sub": "user-\#(user)", "sid": "sid-\#(user)-\#($0)"}"#
            }
            last = try #require(
                try await world.logout(targets.joined(separator: ", "), issuer: "demo")["id"]?.string
            )
        }
        let mixed = try await world.logout(
            #"{"client_id": "crm", "sub": "user-7"}, {"client_id": "legacy-portal", "sub": "user-7", "sid": "s7"}, {"client_id": "billing", "sub": "user-7"}, {"client_id": "mail", "sub": "user-7"}"#,
            issuer: "demo"
        )
        let event = try #require(mixed["id"]?.string)
        let deliveries = mixed["deliveries"]?.elements ?? []
        func delivery(_ client: String) throws -> String {
            try #require(deliveries.first { $0["client_id"]?.string == client }?["id"]?.string)
        }
        let (refused, retried) = (try delivery("legacy-portal"), try delivery("billing"))
        try await eventually("the last logout to be delivered") { [world] in
            try await world.api("GET", "/v1/issuers/demo/logout-events/\(last)")["status"]?.string
                != "in_progress"
        }
        for (id, status) in [(refused, "failed"), (retried, "retrying")] {
            try await eventually("the refusal") { [world] in
                try await world.api("GET", "/v1/issuers/demo/deliveries/\(id)")["status"]?.string == status
            }
        }
        let dry = try await world.api(
            "POST",
            "/v1/issuers/demo/redeliveries",
            #"{"filter": {"client_id": "legacy-portal", "status": "failed", "reason": "rejected"}, "dry_run": true}"#
        )
        let run = try #require(dry["id"]?.string)
        try await eventually("the count") { [world] in
            try await world.api("GET", "/v1/issuers/demo/redeliveries/\(run)")["status"]?.string == "done"
        }
        let base = "/console/i/demo"
        pages = [
            ("home", "/console"), ("overview", base), ("events", "\(base)/events"),
            ("event", "\(base)/events/\(event)"),
            ("delivery", "\(base)/deliveries/\(refused)"),
            ("delivery-retrying", "\(base)/deliveries/\(retried)"),
            ("clients", "\(base)/clients"), ("client", "\(base)/clients/crm"),
            ("client-failing", "\(base)/clients/reports"),
            ("failed", "\(base)/failed"), ("redelivery", "\(base)/redeliveries/\(run)"),
            ("where", "\(base)/where?by=sub&value=user-7"), ("where-empty", "\(base)/where"),
            ("search", "\(base)/search?q=user-7"),
            ("search-nothing", "\(base)/search?q=nobody"), ("keys", "\(base)/keys"),
            ("audit", "\(base)/audit"),
            ("health", "/console/health"), ("empty-overview", "/console/i/staging"),
            ("empty-clients", "/console/i/staging/clients"),
            ("empty-failed", "/console/i/staging/failed"), ("not-found", "\(base)/nowhere"),
        ]
    }

    private static let refusal =
        #"{"error": "invalid_request", "error_description": "The session of this sid is not known here."}"#

    func stop() {
        for party in parties { party.stop() }
    }
}
