public import FoundationEssentials
public import LogoutModel
import PostgresClient

/// Which events a list shows; `nil` means any.
public struct EventFilter: Sendable {
    /// One of these, in the words of the API.
    public var statuses: [String] = []
    /// Why they happened.
    public var initiator: Initiator?
    /// With a delivery for this client.
    public var clientID: String?
    /// With a delivery for this subject.
    public var sub: String?
    /// With a delivery for this session.
    public var sid: String?
    /// Whose scope names this OP session.
    public var sessionID: String?
    /// Whose scope names this user.
    public var userID: String?
    /// Whose scope names this browser.
    public var userAgentID: String?

    /// Every event.
    public init() {}
}

/// A window over ids in time order: `after` and `before` are exclusive, `from` is inclusive.
public struct IDWindow: Sendable {
    /// Where the page before ended.
    public var cursor: UUID?
    /// Created then or later.
    public var from: Timestamp?
    /// Created before then.
    public var before: Timestamp?
    /// At most this many.
    public var limit: Int

    /// A window without bounds but a limit.
    public init(limit: Int) {
        self.limit = limit
    }

    /// The exclusive upper bound of a list that runs from new to old.
    var upper: PostgresValue {
        let bound = before.map(UUID.floor(of:))
        guard let cursor else { return .optionalUUID(bound) }
        return .uuid(bound.map { min($0, cursor) } ?? cursor)
    }

    var lower: PostgresValue { .optionalUUID(from.map(UUID.floor(of:))) }
}

extension OutboxStore {
    /// One event with its first deliveries; `nil` where the issuer has none of this id.
    public func event(
        _ id: LogoutEventID,
        of issuer: Int32
    ) async throws -> (event: LogoutEvent, deliveries: [DeliveryRecord])? {
        try await reading(for: issuer) { connection in
            guard let row = try connection.query(.eventGet, .uuid(id.uuid)).first else {
                return nil
            }
            var columns = ColumnReader(row)
            let event = try columns.event()
            let deliveries = try connection.query(
                .eventDeliveries,
                .uuid(id.uuid),
                .uuid(id.endOfDeliveries),
                .int4(Int32(OutboxStore.shownDeliveries))
            ).map { row in
                var columns = ColumnReader(row)
                return try columns.delivery()
            }
            return (event, deliveries)
        }
    }

    /// Events, newest first.
    public func events(_ filter: EventFilter, in window: IDWindow, of issuer: Int32) async throws
        -> [LogoutEvent]
    {
        var parameters: [PostgresValue] = [
            window.upper, window.lower, .texts(filter.statuses),
            .optionalText(filter.initiator?.rawValue), .optionalText(filter.clientID),
            .optionalText(filter.sub), .optionalText(filter.sid), .int4(Int32(window.limit)),
        ]
        // What has an index of its own finds a few events; anything else goes through all from new to old.
        let indexed = [filter.sessionID, filter.userID, filter.userAgentID]
        let isIndexed = filter.sub != nil || indexed.contains { $0 != nil }
        if isIndexed { parameters += indexed.map(PostgresValue.optionalText) }
        return try await reading(for: issuer) { [parameters] connection in
            try connection.query(isIndexed ? .eventsFound : .eventsList, parameters: parameters).map { row in
                var columns = ColumnReader(row)
                return try columns.event()
            }
        }
    }
}

extension OutboxStore {
    /// Which of these events have ended, or are gone with their issuer.
    func endedEvents(_ looks: [EndWaiters.Look]) async throws -> [LogoutEventID] {
        try await perform { connection in
            try connection.query(
                .eventsEnded,
                .int4Array(looks.map(\.issuer)),
                .uuidArray(looks.map(\.event.uuid))
            ).map { row in
                var columns = ColumnReader(row)
                return LogoutEventID.of(try columns.uuid())
            }
        }
    }
}

extension ColumnReader {
    mutating func event() throws -> LogoutEvent {
        var event = LogoutEvent(
            id: LogoutEventID.of(try uuid()),
            scope: try json(),
            initiator: try word(Initiator.self),
            sessionDurability: try word(SessionDurability.self),
            priority: try word(Priority.self),
            status: try word(LogoutEventStatus.self),
            initiatingClientID: try optionalText(),
            traceID: try optionalText().map { TraceContext.traceID(stored: $0) },
            deliverBefore: try time(),
            endedAt: try optionalTime(),
            matched: try int(),
            deliveryCounts: try deliveryCounts()
        )
        if let status = try optionalText() {
            event.completionWebhook = .init(status: status, attempts: try int())
        }
        return event
    }

    /// The columns are in the order of ``DeliveryStatus``.
    private mutating func deliveryCounts() throws -> [(status: String, count: Int)] {
        var counts: [(status: String, count: Int)] = []
        for status in DeliveryStatus.allCases {
            let count = try int()
            if count > 0 { counts.append((status.rawValue, count)) }
        }
        return counts
    }
}
