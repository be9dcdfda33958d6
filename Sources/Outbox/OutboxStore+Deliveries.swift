import FoundationEssentials
public import LogoutModel
import PostgresClient

/// Which deliveries a list shows; empty and `nil` mean any.
public struct DeliveryFilter: Sendable {
    /// Of this event.
    public var event: LogoutEventID?
    /// For this client.
    public var clientID: String?
    /// For this subject.
    public var sub: String?
    /// For this session.
    public var sid: String?
    /// In one of these, in the words of the API.
    public var statuses: [String] = []
    /// For one of these, in the words of the API.
    public var reasons: [String] = []

    /// Every delivery.
    public init() {}
}

extension OutboxStore {
    /// One delivery with every attempt; `nil` where the issuer has none of this id.
    public func delivery(
        _ id: DeliveryID,
        of issuer: Int32
    ) async throws -> (delivery: DeliveryRecord, attempts: [AttemptRecord])? {
        try await reading(for: issuer) { connection in
            let rows = try connection.query(.deliveryGet, .uuid(id.uuid))
            guard let row = rows.first else { return nil }
            var columns = ColumnReader(row)
            let delivery = try columns.delivery()
            let attempts = try connection.query(.deliveryAttempts, .uuid(id.uuid)).map { row in
                var columns = ColumnReader(row)
                return try columns.attempt()
            }
            return (delivery, attempts)
        }
    }

    /// Deliveries, newest first; those of one event share a time, the highest ordinal first.
    public func deliveries(
        _ filter: DeliveryFilter,
        in window: IDWindow,
        of issuer: Int32
    ) async throws -> [DeliveryRecord] {
        var upper = window.upper
        var lower = window.lower
        if let event = filter.event {
            // All deliveries of an event are one range of ids; the cursor moves within it.
            lower = .uuid(max(event.uuid, window.from.map(UUID.floor(of:)) ?? event.uuid))
            if case .null = upper { upper = .uuid(event.endOfDeliveries) }
            if case .uuid(let bound) = upper { upper = .uuid(min(bound, event.endOfDeliveries)) }
        }
        return try await reading(for: issuer) { [upper, lower] connection in
            try connection.query(
                filter.statement,
                upper,
                lower,
                .optionalText(filter.clientID),
                .optionalText(filter.sub),
                .optionalText(filter.sid),
                .texts(filter.statuses),
                .texts(filter.reasons),
                .int4(Int32(window.limit))
            ).map { row in
                var columns = ColumnReader(row)
                return try columns.delivery()
            }
        }
    }
}

extension DeliveryFilter {
    /// The one that need not walk along all that was delivered, where the statuses allow it.
    fileprivate var statement: IssuerStatement {
        let asked = statuses.compactMap(DeliveryStatus.init)
        guard !statuses.isEmpty, asked.count == statuses.count else { return .deliveriesList }
        if asked.allSatisfy({ !$0.isEnd }) { return .deliveriesOpen }
        return asked.allSatisfy({ $0.isEnd && $0 != .delivered }) ? .deliveriesUndelivered : .deliveriesList
    }
}

extension ColumnReader {
    mutating func delivery() throws -> DeliveryRecord {
        guard let id = DeliveryID(try uuid()) else { throw OutboxError.notFound }
        let client = try text()
        let sub = try optionalText()
        let sid = try optionalText()
        let status = try text()
        let reason = try optionalText()
        var flags: DeliveryFlags = try bool() ? .nonstandardStatus : []
        if try bool() { flags.insert(.rejectedAfterUnknown) }
        return DeliveryRecord(
            id: id,
            clientID: client,
            sub: sub,
            sid: sid,
            status: status,
            reason: reason,
            flags: flags.names,
            attemptCount: try int(),
            nextAttemptAt: try optionalTime(),
            deliverBefore: try time(),
            endedAt: try optionalTime()
        )
    }

    fileprivate mutating func attempt() throws -> AttemptRecord {
        AttemptRecord(
            number: try int(),
            startedAt: try time(),
            finishedAt: try time(),
            outcome: try text(),
            httpStatus: try optionalInt2(),
            lateHTTPStatus: try optionalInt2(),
            error: try optionalText(),
            errorDescription: try optionalText(),
            remoteAddress: try optionalText(),
            latencyMilliseconds: try optionalInt(),
            jti: try optionalUUID(),
            kid: try optionalText(),
            worker: try optionalText()
        )
    }
}
