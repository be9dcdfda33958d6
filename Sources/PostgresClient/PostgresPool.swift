import Synchronization

/// A few connections shared by many tasks.
///
/// Each connection belongs to a thread of its own. A job is a closure that runs from beginning to end on one of
/// them, so a transaction never spans an `await` and costs one hop there and one back.
///
/// **Deadlines.** A job's deadline covers the wait for a thread, connecting and every statement. A job that has not
/// begun by then fails with ``PostgresError/poolTimeout``, even if every thread is stuck. While the database is away
/// jobs fail with its error at once, except for the one that tries again when the backoff has passed.
///
/// **Connections.** One that the server has ended while it was idle is replaced before the next job notices. One
/// whose state is unclear after a job is closed, and so is one on which the server has refused to write. Each is replaced when it has reached its maximum age, so that
/// failovers and DNS changes are followed.
public final class PostgresPool: Sendable {
    /// How busy a pool is.
    public struct Statistics: Sendable, Hashable {
        /// Connections that are open.
        public let open: Int
        /// Threads that have a job, connecting included.
        public let busy: Int
        /// Jobs that wait for a thread.
        public let queued: Int
    }

    private let core: PoolCore
    private let lastID = Atomic<UInt64>(0)

    /// Starts the threads; connections are made when jobs need them.
    ///
    /// - Parameters:
    ///   - configuration: whom to call.
    ///   - size: threads, and so connections; at least 1.
    ///   - maximumQueuedJobs: jobs beyond this are refused with ``PostgresError/queueFull(limit:)``.
    ///   - maximumAge: of a connection, give or take a tenth; 30 minutes unless told.
    ///   - onNotice: gets NOTICE and WARNING messages on the pool's threads; must not block.
    /// - Throws: ``PostgresError/resources(code:)`` where the machine gives no thread.
    public init(
        configuration: PostgresConfiguration,
        size: Int,
        maximumQueuedJobs: Int = 1024,
        maximumAge: Duration = .seconds(1800),
        onNotice: (@Sendable (PostgresNotice) -> Void)? = nil
    ) throws(PostgresError) {
        core = PoolCore(
            configuration: configuration,
            size: max(1, size),
            queueLimit: max(0, maximumQueuedJobs),
            maximumAge: maximumAge,
            onNotice: onNotice
        )
        try core.start()
    }

    deinit { core.drain() }

    /// Runs a closure with a connection.
    ///
    /// A task that is cancelled while its job waits gets a `CancellationError`; a job that runs is finished, since
    /// half a transaction helps nobody.
    ///
    /// - Parameters:
    ///   - deadline: from now, for the wait, connecting and all statements.
    ///   - body: runs on the connection's thread, once or not at all; it leaves no transaction open.
    /// - Returns: what `body` returned.
    /// - Throws: what `body` threw, or ``PostgresError``.
    public func withConnection<R: Sendable>(
        deadline: Duration,
        _ body: @escaping @Sendable (PostgresConnection) throws -> R
    ) async throws -> R {
        try Task.checkCancellation()
        let id = lastID.wrappingAdd(1, ordering: .relaxed).newValue
        let end = ContinuousClock.now + deadline
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                core.submit(PoolJob(id: id, deadline: end, body: body, continuation: continuation))
            }
        } onCancel: {
            core.cancel(id)
        }
    }

    /// How busy the pool is now.
    public var statistics: Statistics { core.statistics }

    /// Waits until the task is cancelled, then shuts down; returns when the pool has stopped for either reason.
    public func run() async {
        await withTaskCancellationHandler {
            await core.awaitStop()
        } onCancel: {
            core.drain()
        }
    }

    /// Takes no more jobs, serves those that wait, closes the connections and ends the threads.
    public func shutdown() async {
        core.drain()
        await core.awaitStop()
    }
}
