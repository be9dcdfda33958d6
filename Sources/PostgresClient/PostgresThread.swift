import Threads

/// Threads of our own: libpq blocks, and must never hold one of Swift's shared pool.
enum PostgresThread {
    /// Starts a thread.
    ///
    /// - Parameters:
    ///   - name: at most 15 bytes, as the kernel keeps it.
    ///   - body: what the thread does before it ends.
    /// - Throws: ``PostgresError/resources(code:)`` where the machine gives no thread.
    static func start(named name: String, _ body: @escaping @Sendable () -> Void) throws(PostgresError) {
        do {
            try DedicatedThread.start(named: name, body)
        } catch {
            throw .resources(code: error.code)
        }
    }

    /// Runs one blocking piece of work on a thread of its own and waits for it without blocking the caller's.
    static func run<R: Sendable>(
        named name: String,
        _ body: @escaping @Sendable () throws -> R
    ) async throws -> R {
        do {
            return try await DedicatedThread.run(named: name, body)
        } catch let error as DedicatedThread.NotStarted {
            throw PostgresError.resources(code: error.code)
        }
    }
}
