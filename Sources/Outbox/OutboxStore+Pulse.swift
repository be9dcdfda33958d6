import PostgresClient

/// How the whole fleet's queue stands, as far as every process may ask again and again.
public struct QueuePulse: Sendable, Hashable {
    /// Deliveries that have not ended, by Postgres's own estimate.
    public let open: Int64
    /// Rows that vacuum has not removed yet, likewise.
    public let deadRows: Int64
    /// Clients for which something waits, counted up to ``OutboxStore/maximumCountedLanes``.
    public let lanes: Int
    /// Those of them whose breaker is not closed.
    public let openBreakers: Int
    /// Those of them that are on hold.
    public let heldLanes: Int
    /// For how long the first of those breakers has not been closed, in seconds; `nil` where all are.
    public let breakerOpenSeconds: Double?
    /// For how long the oldest delivery that may be sent now has been due, in seconds; `nil` where none is.
    public let oldestDueSeconds: Double?
    /// The age of the oldest snapshot, in seconds; `nil` where there is none, or the database's user may not look.
    public let snapshotSeconds: Double?
}

extension OutboxStore {
    /// Lanes are looked at so far.
    public static let maximumCountedLanes = 2_000

    /// Asks how the queue stands; the answer costs no more where more waits.
    public func pulse(within deadline: Duration = .seconds(1)) async throws -> QueuePulse {
        try await perform(within: deadline) { connection in
            let rows = try connection.query(.queuePulse, .int4(Int32(Self.maximumCountedLanes)))
            guard let row = rows.first else { throw OutboxError.notFound }
            var columns = ColumnReader(row)
            let open = try columns.int8()
            let dead = try columns.int8()
            let lanes = try columns.int()
            let openBreakers = try columns.int()
            let heldLanes = try columns.int()
            let breakerOpen = try columns.optionalFloat8()
            let late = try columns.optionalFloat8()
            return QueuePulse(
                open: open,
                deadRows: dead,
                lanes: lanes,
                openBreakers: openBreakers,
                heldLanes: heldLanes,
                breakerOpenSeconds: breakerOpen,
                oldestDueSeconds: late,
                snapshotSeconds: try columns.optionalFloat8()
            )
        }
    }
}
