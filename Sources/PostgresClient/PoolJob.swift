/// One closure that waits for a connection, with the two ways it can end. Exactly one of them is called, once.
struct PoolJob: Sendable {
    let id: UInt64
    let deadline: ContinuousClock.Instant
    /// Runs the closure. The caller gets its answer when the returned function is called: the pool first takes
    /// the connection back, so that a caller's next job finds it free.
    let run: @Sendable (PostgresConnection) -> (@Sendable () -> Void)
    /// Answers with an error; the closure was not run.
    let fail: @Sendable (any Error) -> Void

    init<R: Sendable>(
        id: UInt64,
        deadline: ContinuousClock.Instant,
        body: @escaping @Sendable (PostgresConnection) throws -> R,
        continuation: CheckedContinuation<R, any Error>
    ) {
        self.id = id
        self.deadline = deadline
        run = { connection in
            let result = Result {
                let value = try body(connection)
                guard connection.isIdle || !connection.isOpen else {
                    throw PostgresError.transactionMisuse("left open by a job")
                }
                return value
            }
            return { continuation.resume(with: result) }
        }
        fail = { continuation.resume(throwing: $0) }
    }
}
