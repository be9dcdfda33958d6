public import LogoutModel
import PostgresClient

/// What the database says of itself.
public struct DatabaseHealth: Sendable, Hashable {
    /// Its clock.
    public let now: Timestamp
    /// What an acknowledged commit survives.
    public let durability: Durability
    /// How much of the past a failover to the best standby would lose now, in seconds: nothing where commits wait for it.
    /// `nil` where no standby is connected, or the database's user may not look at it.
    public let lossWindowSeconds: Double?

    /// What an acknowledged commit survives.
    public enum Durability: String, Sendable, Hashable, CaseIterable {
        /// The loss of the server's process: it is on this server's disk.
        case local
        /// The loss of the server: a standby has it too.
        case sync
        /// Less than either: an asynchronous standby may take over without it, or the server does not wait for its disk.
        case asyncRisk = "async_risk"
    }
}

extension OutboxStore {
    /// Asks the database for its clock and its durability mode.
    ///
    /// - Throws: ``PostgresError`` where it is away, or read-only.
    public func health(within deadline: Duration = .milliseconds(1_500)) async throws -> DatabaseHealth {
        try await perform(within: deadline) { connection in
            guard let row = try connection.query(.databaseClock).first else { throw OutboxError.notFound }
            var columns = ColumnReader(row)
            let now = try columns.time()
            guard try !columns.bool() else { throw PostgresError.connection("the server is a standby") }
            let commit = try columns.text()
            let names = try columns.text()
            let synchronous = try columns.int()
            let standbys = try columns.int()
            let behind = try columns.optionalFloat8()
            let durability = DatabaseHealth.Durability.judged(
                synchronousCommit: commit,
                hasSynchronousNames: !names.isEmpty,
                synchronousStandbys: synchronous,
                standbys: standbys
            )
            return DatabaseHealth(
                now: now,
                durability: durability,
                lossWindowSeconds: durability == .sync ? 0 : behind
            )
        }
    }
}

extension DatabaseHealth.Durability {
    /// Judges by the server's settings and its connected standbys.
    static func judged(
        synchronousCommit: String,
        hasSynchronousNames: Bool,
        synchronousStandbys: Int,
        standbys: Int
    ) -> Self {
        switch synchronousCommit {
        case "off": .asyncRisk
        case "local": standbys > 0 ? .asyncRisk : .local
        default:
            if hasSynchronousNames, synchronousStandbys > 0 {
                .sync
            } else {
                standbys > 0 ? .asyncRisk : .local
            }
        }
    }
}
