import AuditTrail
import DeliveryPolicy
import LogoutModel
import LogoutTokens
import Outbox
import StrictJSON

extension LastcallAPI {
    var issuerRoutes: [Route] {
        [
            Route("GET", "/v1/issuers", .anyKey, listIssuers),
            Route("GET", "/v1/issuers/{issuer}", .scopes([.read]), getIssuer),
            Route("PUT", "/v1/issuers/{issuer}", .operatorOnly, putIssuer),
            Route("DELETE", "/v1/issuers/{issuer}", .operatorOnly, deleteIssuer),
        ]
    }

    @Sendable private func listIssuers(_ call: Call) async throws -> APIResponse {
        var query = try call.query()
        let limit = try query.limit()
        let after = try query.cursor(Cursor.name)
        try query.finish()
        let found: [Issuer]
        if let own = call.principal.issuer {
            guard call.principal.scopes.contains(.read) else { throw Problem.insufficientScope("read") }
            found = try await store.issuer(named: own.name).map { [$0] } ?? []
        } else {
            found = try await store.issuers(after: after, limit: limit + 1)
        }
        return APIResponse(page: try Page(found, limit: limit) { try call.cursor($0.name) }) { $0.issuer($1) }
    }

    @Sendable private func getIssuer(_ call: Call) async throws -> APIResponse {
        try call.query().finish()
        guard let issuer = try await store.issuer(named: call.parameter("issuer")) else {
            throw Problem.notFound
        }
        return APIResponse(status: 200) { $0.issuer(issuer) }
    }

    @Sendable private func putIssuer(_ call: Call) async throws -> APIResponse {
        try call.query().finish()
        let name = try call.parameter("issuer")
        guard Grammar.issuerName.accepts(name) else { throw Problem.invalidRequest(Grammar.issuerName.rule) }
        let (wanted, secret) = try Issuer.Settings.read(
            await call.object(),
            named: name,
            by: settings
        )
        let terms = try webhookTerms(of: wanted, secret, named: name)
        let actor = call.principal.actor
        let (issuer, isNew) = try await store.putIssuer(named: name, wanted, webhook: terms) { before in
            AuditNote(
                .issuerChanged,
                actor: actor,
                data: JSONWriter.text { writer in
                    writer.member("name", name)
                    writer.member("issuer", wanted.issuer)
                    if let before { writer.member("old_issuer", before.issuer) }
                    writer.egressChange(from: before, to: wanted)
                    writer.webhookChange(from: before, to: wanted, hasNewSecret: secret != nil)
                }
            )
        }
        return APIResponse(status: isNew ? 201 : 200) { $0.issuer(issuer) }
    }

    @Sendable private func deleteIssuer(_ call: Call) async throws -> APIResponse {
        var query = try call.query()
        let force = try query.flag("force")
        try query.finish()
        try await call.requireNoBody()
        let name = try call.parameter("issuer")
        let note = AuditNote(
            .issuerChanged,
            actor: call.principal.actor,
            data: JSONWriter.text { writer in
                writer.member("name", name)
                writer.member("deleted", true)
            }
        )
        try await store.deleteIssuer(named: name, force: force, note: note)
        forgetIssuer(name)
        return .noContent
    }
}

extension Issuer.Settings {
    /// Reads the body of a `PUT`: the settings, and a new secret of the completion webhook.
    fileprivate static func read(
        _ body: ObjectReader,
        named name: String,
        by rules: APISettings
    ) throws -> (Issuer.Settings, WebhookSecret?) {
        var body = body
        if let given = try body.optionalString("name", maximumBytes: 40), !given.utf8.elementsEqual(name.utf8)
        {
            throw Problem.invalidRequest("name must be the name in the path.", pointer: "/name")
        }
        let issuer = try body.string("issuer", maximumBytes: LogoutURI.maximumBytes)
        do {
            try IssuerRule(allowInsecureLoopback: rules.addressRule.allowLoopback).check(issuer)
        } catch {
            throw Problem.invalidRequest(error.rule, pointer: "/issuer")
        }
        let durability =
            try body.optionalEnumeration("session_durability", of: SessionDurability.self) ?? .durable
        let expiry = try body.optionalEnumeration("session_expiry", of: SessionExpiry.self) ?? .ignore
        let delivery = try DeliveryOverrides(readingMember: "delivery", of: &body)
        let egress = try EgressRule(readingMember: "egress", of: &body)
        let policy = rules.egressPolicy(of: egress)
        let webhook = try CompletionWebhook(readingMemberOf: &body, egress: policy)
        let retention = try body.optionalInt("retention_days", 1...3_650) ?? 30
        try body.finish()
        let settings = Issuer.Settings(
            issuer: issuer,
            sessionDurability: durability,
            sessionExpiry: expiry,
            delivery: delivery.json,
            egress: egress.json,
            retentionDays: retention,
            completionWebhookURL: webhook?.url
        )
        return (settings, webhook?.secret)
    }
}

extension JSONWriter {
    fileprivate mutating func issuer(_ issuer: Issuer) {
        object { writer in
            writer.member("name", issuer.name)
            writer.member("issuer", issuer.settings.issuer)
            writer.member("session_durability", issuer.settings.sessionDurability.rawValue)
            writer.member("session_expiry", issuer.settings.sessionExpiry.rawValue)
            writer.name("delivery")
            writer.raw(issuer.settings.delivery.utf8)
            writer.name("egress")
            writer.raw(issuer.settings.egress.utf8)
            if let url = issuer.settings.completionWebhookURL {
                writer.objectMember("completion_webhook") { $0.member("url", url) }
            } else {
                writer.nullMember("completion_webhook")
            }
            writer.member("retention_days", issuer.settings.retentionDays)
            writer.member("created_at", issuer.createdAt.text)
            writer.member("updated_at", issuer.updatedAt.text)
        }
    }
}
