import DeliveryPolicy
import FoundationEssentials
import LogoutModel
import LogoutTokens
import Outbox
import StrictJSON
import Telemetry
import Tracing

extension LastcallAPI {
    private static let logoutEventsPath = "/v1/issuers/{issuer}/logout-events"
    /// The name of the intake among the routes.
    static let intakeRoute = "POST " + logoutEventsPath

    var logoutEventRoutes: [Route] {
        let path = Self.logoutEventsPath
        return [
            Route("POST", path, .scopes([.logout]), postLogoutEvent),
            Route("GET", path, .scopes([.logout, .read]), listLogoutEvents),
            Route("GET", path + "/{id}", .scopes([.logout, .read]), getLogoutEvent),
            Route("POST", path + "/{id}/cancel", .scopes([.operate]), cancelLogoutEvent),
        ]
    }

    @Sendable private func postLogoutEvent(_ call: Call) async throws -> APIResponse {
        try call.query().finish()
        guard let issuer = call.issuer else { throw Problem.notFound }
        let request = try await LogoutEventRequest(reading: call.object(), of: call, issuer: issuer.key)
        switch try await committed(request, call) {
        case .fresh(let accepted):
            return await posted((accepted.event, accepted.deliveries), call, issuer, isReplay: false)
        case .replay(let id):
            guard let found = try await store.event(id, of: issuer.key) else { throw Problem.notFound }
            return await posted(found, call, issuer, isReplay: true)
        case .conflict:
            throw Problem.conflict(
                "idempotency_conflict",
                "Another request was accepted under this Idempotency-Key."
            )
        case .badDeadline:
            throw Problem.invalidRequest(
                "deliver_before must not be past, nor more than 30 days away.",
                pointer: "/deliver_before"
            )
        case .noIssuer:
            forgetIssuer(issuer.name)
            throw Problem.notFound
        }
    }

    private func committed(_ request: LogoutEventRequest, _ call: Call) async throws -> Acceptance {
        let span = tracer?.startSpan("commit", context: ServiceContext(trace: call.trace))
        defer { span?.end() }
        return try await intake.accept(request, spent: call.spent)
    }

    @Sendable private func getLogoutEvent(_ call: Call) async throws -> APIResponse {
        var query = try call.query()
        let seconds = try query.wait()
        try query.finish()
        guard let id = LogoutEventID(try call.id("id")),
            var found = try await store.event(id, of: call.issuerKey())
        else { throw Problem.notFound }
        if seconds > 0 { found = try await waited(found, seconds, call).shown }
        return APIResponse(status: 200) { $0.logoutEvent(found.event, deliveries: found.deliveries) }
    }

    @Sendable private func cancelLogoutEvent(_ call: Call) async throws -> APIResponse {
        try call.query().finish()
        try await call.requireNoBody()
        guard let id = LogoutEventID(try call.id("id")) else { throw Problem.notFound }
        try await store.cancelEvent(id, of: call.issuerKey(), actor: call.principal.actor)
        guard let found = try await store.event(id, of: call.issuerKey()) else { throw Problem.notFound }
        return APIResponse(status: 200) { $0.logoutEvent(found.event, deliveries: found.deliveries) }
    }

    @Sendable private func listLogoutEvents(_ call: Call) async throws -> APIResponse {
        var query = try call.query()
        let window = try query.window()
        var filter = EventFilter()
        filter.statuses = try query.words("status", LogoutEventStatus.self).map(\.rawValue)
        filter.initiator = try query.word("initiator", Initiator.self)
        filter.clientID = try query.identifier("client_id", .clientID)
        filter.sub = try query.identifier("sub")
        filter.sid = try query.identifier("sid")
        filter.sessionID = try query.identifier("session_id")
        filter.userID = try query.identifier("user_id")
        filter.userAgentID = try query.identifier("user_agent_id")
        try query.finish()
        let found = try await store.events(filter, in: window, of: call.issuerKey())
        let page = try Page(found, limit: window.limit - 1) { try call.cursor($0.id.uuid) }
        return APIResponse(page: page) { $0.logoutEvent($1, deliveries: nil) }
    }
}
