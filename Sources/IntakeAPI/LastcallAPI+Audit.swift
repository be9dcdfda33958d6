import AuditTrail
import DeliveryPolicy
import FoundationEssentials
import LogoutModel
import Outbox
import StrictJSON

/// The severities of audit events.
private enum Severity: String, CaseIterable {
    case info, notice, warning, error
}

extension LastcallAPI {
    var auditRoutes: [Route] {
        [Route("GET", "/v1/issuers/{issuer}/audit-events", .scopes([.read]), listAuditEvents)]
    }

    @Sendable private func listAuditEvents(_ call: Call) async throws -> APIResponse {
        var query = try call.query()
        var window = IDWindow(limit: try query.limit() + 1)
        window.cursor = try query.cursor(Cursor.id)
        window.from = try query.time("after")
        window.before = try query.time("before")
        var filter = AuditFilter()
        filter.types = try query.words("type", AuditType.self).map(\.rawValue)
        filter.severities = try query.words("severity", Severity.self).map(\.rawValue)
        filter.clientID = try query.identifier("client_id", .clientID)
        if let event = try query.id("logout_event_id") { filter.limit(to: LogoutEventID.of(event)) }
        if let delivery = try query.id("delivery_id") {
            guard let delivery = DeliveryID(delivery) else {
                throw Problem.invalidRequest("delivery_id must be the id of a delivery.")
            }
            filter.limit(to: delivery)
        }
        try query.finish()
        let found = try await store.auditEvents(filter, in: window, of: call.issuerKey())
        let page = Page(found, limit: window.limit - 1) { Cursor.text($0.id) }
        return APIResponse(page: page) { $0.auditEvent($1) }
    }
}

extension JSONWriter {
    fileprivate mutating func auditEvent(_ event: AuditRecord) {
        object { writer in
            writer.member("id", event.id.lowercased)
            writer.member("type", event.type)
            writer.member("severity", event.severity)
            writer.member("created_at", event.createdAt.text)
            writer.member("logout_event_id", event.eventID?.text)
            writer.member("delivery_id", event.deliveryID?.text)
            writer.member("client_id", event.clientID)
            writer.member("actor", event.actor)
            writer.member("session_durability", event.sessionDurability)
            writer.name("data")
            writer.raw((event.data ?? "{}").utf8)
        }
    }
}
