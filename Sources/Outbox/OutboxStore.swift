public import Logging
public import PostgresClient

/// The only place that changes state. Each method is one transaction, on one connection, within one deadline.
///
/// Errors of the database pass through as ``PostgresError``: transient ones and those of unknown outcome are safe to
/// repeat, because every write is keyed by an idempotency key or a lease number.
public struct OutboxStore: Sendable {
    let pool: PostgresPool
    let logger: Logger

    /// How long callers wait for an answer: a connection, the statement and its commit together.
    public var deadline: Duration

    /// A store over a pool that somebody else runs and shuts down.
    public init(pool: PostgresPool, logger: Logger, deadline: Duration = .milliseconds(1_900)) {
        self.pool = pool
        self.logger = logger
        self.deadline = deadline
    }

    func perform<Result: Sendable>(
        within deadline: Duration? = nil,
        _ body: @escaping @Sendable (PostgresConnection) throws -> Result
    ) async throws -> Result {
        try await pool.withConnection(deadline: deadline ?? self.deadline, body)
    }

    /// Runs a statement again after a deadlock or a serialization failure, which changed nothing.
    func repeating<Result: Sendable>(
        within deadline: Duration? = nil,
        _ body: @escaping @Sendable (PostgresConnection) throws -> Result
    ) async throws -> Result {
        for _ in 1..<5 {
            do {
                return try await perform(within: deadline, body)
            } catch PostgresError.server(let sqlState, _, _, _)
                where sqlState.category == .transactionRollback
            {
                logger.debug("statement repeated", metadata: ["sqlstate": "\(sqlState)"])
            }
        }
        return try await perform(within: deadline, body)
    }
}
