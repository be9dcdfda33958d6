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

extension JSONWriter {
    /// A delivery; with its attempts where it is shown alone.
    mutating func delivery(_ delivery: DeliveryRecord, attempts: [AttemptRecord]?) {
        object { writer in
            writer.member("id", delivery.id.text)
            writer.member("logout_event_id", delivery.id.event.text)
            writer.member("client_id", delivery.clientID)
            writer.member("sub", delivery.sub)
            writer.member("sid", delivery.sid)
            writer.member("status", delivery.status)
            writer.member("reason", delivery.reason)
            writer.member("flags", delivery.flags)
            writer.member("attempt_count", delivery.attemptCount)
            writer.member("next_attempt_at", delivery.nextAttemptAt?.text)
            writer.member("deliver_before", delivery.deliverBefore.text)
            writer.member("created_at", delivery.id.createdAt.text)
            writer.member("ended_at", delivery.endedAt?.text)
            guard let attempts else { return }
            writer.arrayMember("attempts") { writer in
                for attempt in attempts { writer.attempt(attempt) }
            }
        }
    }

    private mutating func attempt(_ attempt: AttemptRecord) {
        object { writer in
            writer.member("number", attempt.number)
            writer.member("started_at", attempt.startedAt.text)
            writer.member("finished_at", attempt.finishedAt.text)
            writer.member("outcome", attempt.outcome)
            writer.member("http_status", attempt.httpStatus)
            if let late = attempt.lateHTTPStatus { writer.member("late_http_status", late) }
            writer.member("error", attempt.error)
            writer.member("error_description", attempt.errorDescription)
            writer.member("remote_address", attempt.remoteAddress)
            writer.member("latency_ms", attempt.latencyMilliseconds)
            writer.member("jti", attempt.jti?.lowercased)
            writer.member("kid", attempt.kid)
            writer.member("worker", attempt.worker)
        }
    }
}
