import CoreMetrics
import FoundationEssentials
public import LogoutModel
import Metrics
import PostgresClient

/// What a settled batch came to.
public struct SettledBatch: Sendable {
    /// Deliveries that another worker owns by now; nothing of ours was recorded. See
    /// ``OutboxStore/noteLate(_:of:)``.
    public var fenced: [DeliveryID] = []
    /// Events whose last open delivery ended with this batch.
    public var endedEvents: [LogoutEventID] = []
    /// The lanes of the completion webhooks that these ends have queued.
    public var lanes: [Int32] = []

    /// A batch that came to nothing.
    public init() {}
}

extension OutboxStore {
    /// Records what became of claimed deliveries: attempts, states, audit and the ends of events, in one statement that
    /// is fenced row by row.
    ///
    /// `now`: the worker's monotonic clock; only durations reach the database.
    public func settle(
        _ batch: [SettledDelivery],
        worker: Int32?,
        now: ContinuousClock.Instant
    ) async throws -> SettledBatch {
        guard !batch.isEmpty else { return SettledBatch() }
        let parameters = settleParameters(batch, worker: worker, now: now)
        return try await repeating { connection in
            try readSettled(connection.query(.settle, parameters: parameters))
        }
    }

    /// Keeps the statuses that a worker heard under leases that it had lost, with the attempts that others have
    /// recorded as unknown: an RP that answered 200 has logged its user out.
    ///
    /// `fenced`: those of the batch that ``settle(_:worker:now:)`` fenced out.
    public func noteLate(_ fenced: [DeliveryID], of batch: [SettledDelivery]) async throws {
        let fenced = Set(fenced)
        let late = batch.filter { $0.report?.httpStatus != nil && fenced.contains($0.lease.delivery) }
        guard !late.isEmpty else { return }
        let parameters: [PostgresValue] = [
            .int4Array(late.map(\.lease.issuerKey)),
            .uuidArray(late.map(\.lease.delivery.uuid)),
            .int4Array(late.map { Int32($0.attempt) }),
            .int2Array(late.map { $0.report?.httpStatus.map(Int16.init(clamping:)) }),
        ]
        try await perform { connection in _ = try connection.query(.settleLate, parameters: parameters) }
    }

    /// Ends deliveries that must not be tried again: past their deadline, or of a deleted client.
    ///
    /// `client`: only those of this deleted client.
    /// - Returns: how many ended; fewer than `limit` means that none is left for now.
    public func endOverdue(worker: Int32?, client: Int32? = nil, limit: Int = 500) async throws -> Int {
        let ended = try await repeating { connection in
            try connection.transaction { connection in
                try connection.endSeized(
                    worker: worker,
                    limit: limit,
                    client: client.map { .int4($0) } ?? .null,
                    issuer: .null,
                    event: .null
                )
            }
        }
        for delivery in ended where !delivery.lease.delivery.isWebhook {
            guard case .ended(let reason, _) = delivery.settlement else { continue }
            Counter(label: "lastcall_deliveries_swept_total", dimensions: [("reason", reason.rawValue)])
                .increment()
        }
        return ended.count
    }
}

extension PostgresConnection {
    /// Leases deliveries that must end, and ends them, in the transaction that runs.
    ///
    /// `client`: only those of this deleted client.
    /// `issuer`, `event`: only those of this event that are marked as closing.
    func endSeized(
        worker: Int32?,
        limit: Int,
        client: PostgresValue,
        issuer: PostgresValue,
        event: PostgresValue
    ) throws -> [SettledDelivery] {
        let rows = try query(
            .seize,
            worker.map { .int4($0) } ?? .null,
            .float8(10),
            .int4(Int32(limit)),
            client,
            issuer,
            event
        )
        let batch = try rows.map { row in
            var columns = ColumnReader(row)
            return try columns.seizedDelivery()
        }
        guard !batch.isEmpty else { return [] }
        _ = try query(.settle, parameters: settleParameters(batch, worker: worker, now: .now))
        return batch
    }
}

private func readSettled(_ rows: PostgresRows) throws -> SettledBatch {
    var result = SettledBatch()
    var lanes: Set<Int32> = []
    for row in rows {
        var columns = ColumnReader(row)
        if let delivery = try columns.optionalUUID().flatMap(DeliveryID.init) {
            result.fenced.append(delivery)
        }
        if let event = try columns.optionalUUID() { result.endedEvents.append(LogoutEventID.of(event)) }
        if let lane = try columns.optionalInt4() { lanes.insert(lane) }
    }
    result.lanes = Array(lanes)
    return result
}

extension ColumnReader {
    fileprivate mutating func seizedDelivery() throws -> SettledDelivery {
        guard let id = DeliveryID(try uuid()) else { throw OutboxError.notFound }
        let issuer = try int4()
        skip(1)
        let lease = Lease(issuerKey: issuer, delivery: id, number: try int4(), length: .seconds(10))
        let attempt = try int()
        return SettledDelivery(
            lease: lease,
            attempt: attempt,
            settlement: Settlement(endingWith: try word(EndReason.self)),
            report: nil
        )
    }
}

/// Where the row of a lease stands among others, in Postgres's order: what is sorted is this, and not the outcomes.
private struct RowPlace: Comparable {
    private let issuerKey: Int32
    private let high: UInt64
    private let low: UInt64

    init(_ lease: Lease) {
        let bytes = lease.delivery.uuid.uuid
        issuerKey = lease.issuerKey
        high = Self.number(bytes.0, bytes.1, bytes.2, bytes.3, bytes.4, bytes.5, bytes.6, bytes.7)
        low = Self.number(bytes.8, bytes.9, bytes.10, bytes.11, bytes.12, bytes.13, bytes.14, bytes.15)
    }

    private static func number(_ bytes: UInt8...) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    static func < (left: RowPlace, right: RowPlace) -> Bool {
        (left.issuerKey, left.high, left.low) < (right.issuerKey, right.high, right.low)
    }
}

private func settleParameters(
    _ unsorted: [SettledDelivery],
    worker: Int32?,
    now: ContinuousClock.Instant
) -> [PostgresValue] {
    // Sorted, so that two batches never wait for each other's rows in turn.
    let batch = unsorted.indices.map { (place: RowPlace(unsorted[$0].lease), index: $0) }
        .sorted { $0.place < $1.place }
        .map { unsorted[$0.index] }
    func ago(_ instant: ContinuousClock.Instant?) -> Int64? { instant.map { (now - $0).wholeMicroseconds } }
    let reports = batch.map(\.report)
    let ends = batch.map(\.settlement.columns)
    return [
        .int4Array(batch.map(\.lease.issuerKey)),
        .uuidArray(batch.map(\.lease.delivery.uuid)),
        .uuidArray(batch.map(\.lease.delivery.event.uuid)),
        .int4Array(batch.map(\.lease.number)),
        .int4Array(batch.map { Int32($0.attempt) }),
        .textArray(ends.map(\.status)),
        .textArray(ends.map(\.reason)),
        .int8Array(ends.map(\.retryAfter)),
        .textArray(reports.map { $0?.outcome.rawValue }),
        .boolArray(ends.map(\.isExcused)),
        .boolArray(ends.map(\.isNonstandard)),
        .boolArray(ends.map(\.isAfterUnknown)),
        .int8Array(reports.map { ago($0?.startedAt) }),
        .int8Array(reports.map { ago($0?.finishedAt) }),
        .int2Array(reports.map { $0?.httpStatus.map(Int16.init(clamping:)) }),
        .textArray(reports.map { $0?.error }),
        .textArray(reports.map { $0?.errorDescription }),
        .textArray(reports.map { $0?.remoteAddress }),
        .uuidArray(reports.map { $0?.jti }),
        .textArray(reports.map { $0?.kid }),
        worker.map { .int4($0) } ?? .null,
    ]
}
