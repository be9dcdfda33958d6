public import AuditTrail
import DeliveryPolicy
import FoundationEssentials
import LogoutModel
import Outbox
import StrictJSON
import Threads

/// The severities of audit events.
private enum Severity: String, CaseIterable {
    case info, notice, warning, error
}

extension LastcallAPI {
    var auditRoutes: [Route] {
        let path = "/v1/issuers/{issuer}/audit-events"
        // The installation's own trail: operators, API keys, issuers that are gone.
        let own = "/v1/audit-events"
        return [
            Route("GET", path, .scopes([.read]), listAuditEvents),
            Route("GET", path + "/stream", .scopes([.read]), streamAuditEvents),
            Route("GET", path + "/seals", .scopes([.read]), listAuditSeals),
            Route("GET", own, .operatorOnly, listAuditEvents),
            Route("GET", own + "/stream", .operatorOnly, streamAuditEvents),
            Route("GET", own + "/seals", .operatorOnly, listAuditSeals),
        ]
    }

    @Sendable private func listAuditEvents(_ call: Call) async throws -> APIResponse {
        var query = try call.query()
        var window = IDWindow(limit: try query.limit() + 1)
        window.cursor = try query.cursor(Cursor.id)
        window.from = try query.time("after")
        window.before = try query.time("before")
        let filter = try query.auditFilter()
        try query.finish()
        let found = try await store.auditEvents(filter, in: window, of: call.trail)
        let page = try Page(found, limit: window.limit - 1) { try call.cursor($0.id) }
        return APIResponse(page: page) { $0.auditEvent($1) }
    }

    @Sendable private func streamAuditEvents(_ call: Call) async throws -> APIResponse {
        var query = try call.query()
        let filter = try query.auditFilter()
        try query.finish()
        let last = try call.request.single("last-event-id")
        guard let place = auditStreams.take() else {
            throw Problem.unavailable("Too many streams are open.")
        }
        let now = try await store.auditHorizon()
        let start: AuditPosition
        if let last {
            guard let position = try await position(of: last, in: call, until: now) else {
                throw Problem.invalidRequest("Last-Event-ID is not the id of an event of this trail.")
            }
            start = position
        } else {
            start = now
        }
        let stream = AuditStream(
            store: store,
            feed: auditFeed,
            issuer: call.trail,
            filter: filter,
            start: start,
            isAllowed: { await call.isStillAllowed() },
            place: place,
            turns: longLists
        )
        var response = APIResponse(status: 200, contentType: "text/event-stream")
        response.headers.append(("Cache-Control", "no-store"))
        response.headers.append(("Last-Event-ID", try last ?? call.cursor(start.transaction)))
        // What nginx and its kin take for "do not gather this".
        response.headers.append(("X-Accel-Buffering", "no"))
        response.stream = stream
        return response
    }

    /// Where a reader wants to go on: behind an event, or where a stream began that it lost before an event came.
    private func position(of last: String, in call: Call, until now: AuditPosition) async throws
        -> AuditPosition?
    {
        if let id = UUID(strict: last) {
            return try await store.auditPosition(of: id, ofIssuer: call.trail)
        }
        let transaction = call.cursors?.content(last).flatMap(Cursor.number)
        let position = transaction.map { AuditPosition(before: $0) }
        // What is ahead of now is of another cluster, or of a time that a restore has undone.
        return position.flatMap { $0 > now ? nil : $0 }
    }

    @Sendable private func listAuditSeals(_ call: Call) async throws -> APIResponse {
        var query = try call.query()
        let limit = try query.limit()
        let cursor = try query.cursor(Cursor.number)
        try query.finish()
        let found = try await store.auditSeals(of: call.trail, below: cursor, limit: limit + 1)
        return APIResponse(page: try Page(found, limit: limit) { try call.cursor($0.number) }) {
            writer,
            seal in
            writer.object { writer in
                writer.member("number", seal.number)
                writer.member("sealed_at", seal.sealedAt.text)
                writer.member("entry_count", seal.entryCount)
                writer.member("first_id", seal.firstID.lowercased)
                writer.member("last_id", seal.lastID.lowercased)
                writer.member("previous_hash", Hex.encode(seal.previousHash))
                writer.member("hash", Hex.encode(seal.hash))
            }
        }
    }
}

extension Call {
    /// Whose trail a path names: the issuer's, or that of the installation.
    fileprivate var trail: Int32 { issuer?.key ?? 0 }
}

extension QueryReader {
    fileprivate mutating func auditFilter() throws -> AuditFilter {
        var filter = AuditFilter()
        filter.types = try words("type", AuditType.self).map(\.rawValue)
        filter.severities = try words("severity", Severity.self).map(\.rawValue)
        filter.clientID = try identifier("client_id", .clientID)
        if let event = try id("logout_event_id") { filter.limit(to: LogoutEventID.of(event)) }
        if let delivery = try id("delivery_id") {
            guard let delivery = DeliveryID(delivery) else {
                throw Problem.invalidRequest("delivery_id must be the id of a delivery.")
            }
            filter.limit(to: delivery)
        }
        return filter
    }
}

extension AuditRecord {
    /// The event as the API shows it: one line of JSON, for exports.
    public var jsonLine: [UInt8] {
        var writer = JSONWriter(reservingCapacity: 512)
        writer.auditEvent(self)
        return writer.bytes
    }
}

extension JSONWriter {
    /// An audit event.
    mutating func auditEvent(_ event: AuditRecord) {
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
