internal import Glibc
import Threads

/// Waiting and starting for the embedded server: the kernel's parent-death signal follows the thread that started the
/// child, so that thread must live as long as the child.
enum ServerThread {
    /// Starts a thread.
    ///
    /// - Parameter body: what the thread does before it ends.
    /// - Throws: ``EmbeddedPostgresError/system(operation:path:code:)`` where the machine gives no thread.
    static func start(_ body: @escaping @Sendable () -> Void) throws(EmbeddedPostgresError) {
        do {
            try DedicatedThread.start(named: "lc-postgres", body)
        } catch {
            throw .system(operation: "start", path: "a thread", code: error.code)
        }
    }

    /// Blocks this thread until a condition holds, looking about every 20 ms.
    ///
    /// - Returns: whether it held before the deadline.
    static func wait(until deadline: ContinuousClock.Instant, for condition: () -> Bool) -> Bool {
        while !condition() {
            guard ContinuousClock.now < deadline else { return false }
            poll(nil, 0, 20)
        }
        return true
    }
}
