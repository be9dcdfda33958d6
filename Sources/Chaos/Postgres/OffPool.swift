internal import Threads

/// Runs what blocks on a thread of its own, so that it holds none of Swift's shared ones.
///
/// - Parameter body: what blocks.
/// - Returns: what `body` returned.
/// - Throws: what `body` threw.
func offPool<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
    try await DedicatedThread.run(named: "chaos-postgres", body)
}
