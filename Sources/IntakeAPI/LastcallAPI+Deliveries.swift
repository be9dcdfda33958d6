import DeliveryPolicy
import FoundationEssentials
import LogoutModel
import Outbox
import StrictJSON

extension LastcallAPI {
    var deliveryRoutes: [Route] {
        let path = "/v1/issuers/{issuer}/deliveries"
        return [
            Route("GET", path, .scopes([.logout, .read]), listDeliveries),
            Route("GET", path + "/{id}", .scopes([.logout, .read]), getDelivery),
        ]
    }

    @Sendable private func listDeliveries(_ call: Call) async throws -> APIResponse {
        var query = try call.query()
        let window = try query.window()
        var filter = DeliveryFilter()
        filter.event = try query.id("logout_event_id").map(LogoutEventID.of)
        filter.clientID = try query.identifier("client_id", .clientID)
        filter.sub = try query.identifier("sub")
        filter.sid = try query.identifier("sid")
        filter.statuses = try query.words("status", DeliveryStatus.self).map(\.rawValue)
        filter.reasons = try query.words("reason", DeliveryReason.self).map(\.rawValue)
        try query.finish()
        let found = try await store.deliveries(filter, in: window, of: call.issuerKey())
        let page = try Page(found, limit: window.limit - 1) { try call.cursor($0.id.uuid) }
        return APIResponse(page: page) { $0.delivery($1, attempts: nil) }
    }

    @Sendable private func getDelivery(_ call: Call) async throws -> APIResponse {
        try call.query().finish()
        guard let id = DeliveryID(try call.id("id")),
            let found = try await store.delivery(id, of: call.issuerKey())
        else { throw Problem.notFound }
        return APIResponse(status: 200) { $0.delivery(found.delivery, attempts: found.attempts) }
    }
}

/// A reason that a list may be filtered by: of an end, or the outcome that a retry waits after.
private struct DeliveryReason: RawRepresentable, CaseIterable {
    let rawValue: String

    init?(rawValue: String) {
        guard Self.allCases.contains(where: { $0.rawValue == rawValue }) else { return nil }
        self.rawValue = rawValue
    }

    private init(known: String) {
        rawValue = known
    }

    static var allCases: [DeliveryReason] {
        Set(EndReason.allCases.map(\.rawValue) + AttemptOutcome.allCases.map(\.rawValue)).sorted().map(
            Self.init(known:)
        )
    }
}
