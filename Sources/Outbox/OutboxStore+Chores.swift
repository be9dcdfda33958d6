import PostgresClient

/// What must be done every few hours, by one process of all.
public enum Chore: String, Sendable, CaseIterable {
    /// What is past goes.
    case retention
    /// Statistics of what autovacuum does not look at.
    case analyze
}

/// How a partitioned table stands.
public struct PartitionState: Sendable, Hashable {
    /// The table.
    public let table: String
    /// For how many days after today it has partitions without a gap; -1: not even for today.
    public let daysAhead: Int
    /// Rows in its default partition, counted up to ``OutboxStore/maximumCountedDefaults``.
    public let defaultRows: Int
}

extension OutboxStore {
    /// Rows of default partitions are counted so far.
    public static let maximumCountedDefaults = 10_000
    /// The longest that the statistics of one table may take.
    private static let longestAnalyze = Duration.seconds(600)

    /// Takes a chore, if it is due: nobody else gets it before `interval` has passed.
    public func take(_ chore: Chore, every interval: Duration) async throws -> Bool {
        try await perform { connection in
            try connection.query(.choreTake, .text(chore.rawValue), .float8(interval.inSeconds)).count > 0
        }
    }

    /// Notes that a chore has come to its end. `again`: so soon it is due once more, because something was passed over.
    public func finish(_ chore: Chore, again: Duration? = nil) async throws {
        try await perform { connection in
            _ = try connection.query(
                .choreFinish,
                .text(chore.rawValue),
                again.map { .float8($0.inSeconds) } ?? .null
            )
        }
    }

    /// Brings the planner's statistics of the partitioned tables, and of the queue, up to date.
    ///
    /// Outside a transaction: in one, an ANALYZE would hold back the audit stream and vacuum until its last partition.
    public func analyze() async throws {
        let commands = try await perform { connection in
            try connection.query(.analyzeList).map { try $0.text(0) }
        }
        for command in commands where !Task.isCancelled {
            try await perform(within: Self.longestAnalyze) { connection in
                try connection.allowing(Self.longestAnalyze) { try connection.execute(script: command) }
            }
        }
    }

    /// How the partitioned tables stand.
    public func partitions(within deadline: Duration? = nil) async throws -> [PartitionState] {
        try await perform(within: deadline) { connection in
            let limit = PostgresValue.int4(Int32(Self.maximumCountedDefaults))
            return try connection.query(.partitionState, limit).map { row in
                PartitionState(
                    table: try row.text(0),
                    daysAhead: Int(try row.int4(1)),
                    defaultRows: Int(try row.int8(2))
                )
            }
        }
    }
}

extension Duration {
    var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
