import DeliveryPolicy
import LogoutModel
import Outbox
import StrictJSON

extension LastcallAPI {
    var redeliveryRoutes: [Route] {
        let path = "/v1/issuers/{issuer}/redeliveries"
        return [
            Route(
                "POST",
                "/v1/issuers/{issuer}/deliveries/{id}/redeliver",
                .scopes([.operate]),
                redeliver
            ),
            Route("POST", path, .scopes([.operate]), startRedelivery),
            Route("GET", path, .scopes([.operate, .read]), listRedeliveries),
            Route("GET", path + "/{id}", .scopes([.operate, .read]), getRedelivery),
            Route("POST", path + "/{id}/cancel", .scopes([.operate]), cancelRedelivery),
        ]
    }

    @Sendable private func redeliver(_ call: Call) async throws -> APIResponse {
        try call.query().finish()
        var body = try await call.optionalObject()
        let force = try body.optionalBool("force") ?? false
        let within = try body.optionalInt("deliver_within_seconds", DeliveryOverrides.deliverWithinRange)
        try body.finish()
        guard let id = DeliveryID(try call.id("id")) else { throw Problem.notFound }
        let (delivery, lanes) = try await store.redeliver(
            id,
            of: call.issuerKey(),
            force: force,
            deliverWithin: within.map(Double.init),
            usualDeliverWithin: Double(DeliverySettings.standard.deliverWithinSeconds),
            actor: call.principal.actor
        )
        if !lanes.isEmpty { wake.announce(lanes) }
        return APIResponse(status: 202) { $0.delivery(delivery, attempts: nil) }
    }

    @Sendable private func startRedelivery(_ call: Call) async throws -> APIResponse {
        try call.query().finish()
        let request = try RedeliveryRequest(reading: await call.object(), actor: call.principal.actor)
        let redelivery = try await store.startRedelivery(request, of: call.issuerKey())
        return APIResponse(status: 202) { $0.redelivery(redelivery) }
    }

    @Sendable private func listRedeliveries(_ call: Call) async throws -> APIResponse {
        var query = try call.query()
        let window = try query.window()
        let statuses = try query.words("status", RedeliveryStatus.self)
        try query.finish()
        let found = try await store.redeliveries(in: statuses, window, of: call.issuerKey())
        let page = try Page(found, limit: window.limit - 1) { try call.cursor($0.id) }
        return APIResponse(page: page) { $0.redelivery($1) }
    }

    @Sendable private func getRedelivery(_ call: Call) async throws -> APIResponse {
        try call.query().finish()
        guard let redelivery = try await store.redelivery(call.id("id"), of: call.issuerKey()) else {
            throw Problem.notFound
        }
        return APIResponse(status: 200) { $0.redelivery(redelivery) }
    }

    @Sendable private func cancelRedelivery(_ call: Call) async throws -> APIResponse {
        try call.query().finish()
        try await call.requireNoBody()
        let redelivery = try await store.cancelRedelivery(call.id("id"), of: call.issuerKey())
        return APIResponse(status: 200) { $0.redelivery(redelivery) }
    }
}

extension JSONWriter {
    fileprivate mutating func redelivery(_ redelivery: Redelivery) {
        object { writer in
            writer.member("id", redelivery.id.lowercased)
            writer.member("status", redelivery.status.rawValue)
            writer.member("matched", redelivery.matched)
            writer.member("done", redelivery.done)
            writer.name("filter")
            writer.raw(redelivery.filter.utf8)
            writer.member("dry_run", redelivery.isDryRun)
            writer.member("deliver_within_seconds", redelivery.deliverWithinSeconds)
            writer.member("rate_per_second", redelivery.ratePerSecond)
            writer.member("created_at", redelivery.createdAt.text)
            writer.member("ended_at", redelivery.endedAt?.text)
        }
    }
}
