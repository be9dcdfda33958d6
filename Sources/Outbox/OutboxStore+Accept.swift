import FoundationEssentials
public import LogoutModel
import PostgresClient

/// What became of one request in a batch.
public enum Acceptance: Sendable {
    /// It is durable now.
    case fresh(AcceptedEvent)
    /// The same request under the same key was accepted before.
    case replay(LogoutEventID)
    /// Another request was accepted under this key.
    case conflict
    /// Its `deliver_before` is past, or more than 30 days away, on the database clock.
    case badDeadline
    /// Its issuer is not there any more.
    case noIssuer
}

/// An event as it was accepted, with its deliveries in the order of the targets.
public struct AcceptedEvent: Sendable {
    /// The event.
    public let event: LogoutEvent
    /// At most the first 100 of its deliveries.
    public let deliveries: [DeliveryRecord]
    /// The lanes that have something due now.
    public let lanes: [Int32]
    /// Whether its scope matched so much that its deliveries come in steps.
    public let isExpanding: Bool
}

extension OutboxStore {
    /// The longest list of deliveries that an answer carries.
    public static let shownDeliveries = 100

    /// Accepts a batch in one commit.
    ///
    /// - Returns: an answer for each request in its place; `nil` where a twin, concurrent or earlier in the batch, has
    ///   the key and was not visible yet: asked again, it is answered.
    /// - Throws: ``PostgresError``; with `outcomeUnknown` the batch may have been accepted.
    public func accept(_ requests: [LogoutEventRequest], usualDeliverWithin: Double) async throws
        -> [Acceptance?]
    {
        let batch = AcceptBatch(requests, usualDeliverWithin: usualDeliverWithin)
        return try await repeating { connection in try batch.run(on: connection) }
    }
}

/// The arrays of one `accept` statement and the reading of its rows.
private struct AcceptBatch: Sendable {
    let requests: [LogoutEventRequest]
    let parameters: [PostgresValue]

    init(_ requests: [LogoutEventRequest], usualDeliverWithin: Double) {
        self.requests = requests
        var events: [Int32?] = []
        var ordinals: [Int32?] = []
        var clients: [String?] = []
        var subs: [String?] = []
        var sids: [String?] = []
        for (index, request) in requests.enumerated() {
            for (place, target) in request.scope.targets.enumerated() {
                events.append(Int32(index + 1))
                ordinals.append(Int32(place + 1))
                clients.append(target.clientID)
                subs.append(target.sub)
                sids.append(target.sid)
            }
        }
        parameters = [
            .int4Array(requests.map(\.issuerKey)),
            .byteaArray(requests.map(\.idempotencyKeyHash)),
            .jsonbArray(requests.map(\.scope.json)),
            .textArray(requests.map(\.initiator.rawValue)),
            .textArray(requests.map(\.initiatingClientID)),
            .boolArray(requests.map(\.excludesInitiatingClient)),
            .textArray(requests.map { $0.sessionDurability?.rawValue }),
            .float8Array(requests.map(\.withinSeconds)),
            .timestampArray(requests.map(\.beforeMicroseconds)),
            .textArray(requests.map(\.trace?.stored)),
            .textArray(requests.map(\.actor)),
            .textArray(requests.map(\.priority.rawValue)),
            .int4Array(events), .int4Array(ordinals), .textArray(clients), .textArray(subs), .textArray(sids),
            .float8(usualDeliverWithin),
        ]
    }

    /// One answer per request, `nil` where it must be asked again.
    func run(on connection: PostgresConnection) throws -> [Acceptance?] {
        var answers = [Acceptance?](repeating: .noIssuer, count: requests.count)
        var building: (place: Int, event: EventBuilder)?
        for row in try connection.query(.accept, parameters: parameters) {
            var columns = ColumnReader(row)
            let place = Int(try columns.int4()) - 1
            let outcome = try columns.text()
            let id = LogoutEventID.of(try columns.uuid())
            switch outcome {
            case "fresh":
                if building?.place != place {
                    if let done = building { answers[done.place] = .fresh(done.event.finished()) }
                    building = (place, try EventBuilder(id: id, request: requests[place], columns: &columns))
                } else {
                    columns.skip(EventBuilder.columnCount)
                }
                try building?.event.add(&columns)
            case "replay": answers[place] = .replay(id)
            case "conflict": answers[place] = .conflict
            case "deadline": answers[place] = .badDeadline
            default: answers[place] = nil
            }
        }
        if let done = building { answers[done.place] = .fresh(done.event.finished()) }
        return answers
    }
}

/// Gathers the rows of one accepted event.
private struct EventBuilder {
    /// How many columns the event itself takes.
    static let columnCount = 8

    let id: LogoutEventID
    let request: LogoutEventRequest
    let durability: SessionDurability
    let deliverBefore: Timestamp
    let status: LogoutEventStatus
    let endedAt: Timestamp?
    let priority: Priority
    let matched: Int
    let isExpanding: Bool
    let webhookLane: Int32?
    var deliveries: [DeliveryRecord] = []
    var lanes: Set<Int32> = []
    var counts: [DeliveryStatus: Int] = [:]

    init(id: LogoutEventID, request: LogoutEventRequest, columns: inout ColumnReader) throws {
        self.id = id
        self.request = request
        durability = try columns.word(SessionDurability.self)
        deliverBefore = try columns.time()
        status = try columns.word(LogoutEventStatus.self)
        endedAt = try columns.optionalTime()
        priority = try columns.word(Priority.self)
        matched = try columns.int()
        isExpanding = try columns.bool()
        webhookLane = try columns.optionalInt4()
        if let webhookLane { lanes.insert(webhookLane) }
    }

    mutating func add(_ columns: inout ColumnReader) throws {
        guard let ordinal = try columns.optionalInt(), let kind = try columns.optionalText() else { return }
        let lane = try columns.optionalInt4()
        let before = try columns.time()
        guard kind != "excluded" else { return }
        let reason = EndReason(rawValue: kind)
        let status: DeliveryStatus =
            switch reason {
            case nil: kind == "held" ? .held : .pending
            case .noBackchannelLogoutURI: .notCovered
            default: .failed
            }
        counts[status, default: 0] += 1
        if kind == "queued", let lane { lanes.insert(lane) }
        guard deliveries.count < OutboxStore.shownDeliveries else { return }
        let target = try target(ordinal, &columns)
        deliveries.append(
            DeliveryRecord(
                id: id.delivery(ordinal),
                clientID: target.clientID,
                sub: target.sub,
                sid: target.sid,
                status: status.rawValue,
                reason: reason?.rawValue,
                flags: [],
                attemptCount: 0,
                nextAttemptAt: kind == "queued" ? id.createdAt : nil,
                deliverBefore: before,
                endedAt: reason == nil ? nil : id.createdAt
            )
        )
    }

    /// What the delivery is for: the caller's target, or the participation that the row names.
    private func target(_ ordinal: Int, _ columns: inout ColumnReader) throws -> LogoutTarget {
        switch request.scope {
        case .targets(let targets): targets[ordinal - 1]
        case .filter:
            LogoutTarget(
                clientID: try columns.text(),
                sub: try columns.optionalText(),
                sid: try columns.optionalText()
            )
        }
    }

    func finished() -> AcceptedEvent {
        var event = LogoutEvent(
            id: id,
            scope: request.scope.json,
            initiator: request.initiator,
            sessionDurability: durability,
            priority: priority,
            status: status,
            initiatingClientID: request.initiatingClientID,
            traceID: request.trace?.traceID,
            deliverBefore: deliverBefore,
            endedAt: endedAt,
            matched: matched,
            deliveryCounts: DeliveryStatus.allCases.compactMap { status in
                counts[status].map { (status.rawValue, $0) }
            }
        )
        if webhookLane != nil {
            event.completionWebhook = .init(status: DeliveryStatus.pending.rawValue, attempts: 0)
        }
        return AcceptedEvent(
            event: event,
            deliveries: deliveries,
            lanes: Array(lanes),
            isExpanding: isExpanding
        )
    }
}

extension LogoutEventRequest {
    fileprivate var withinSeconds: Double? {
        if case .within(let seconds) = deadline { seconds } else { nil }
    }

    fileprivate var beforeMicroseconds: Int64? {
        if case .before(let time) = deadline { time.microseconds } else { nil }
    }
}
