import Threads

/// A thread for a test server's blocking calls, with a small stack: tests start many.
enum ServerThread {
    /// Starts a thread. Returns false, and `body` is never called, where the system has none to spare.
    static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
        (try? DedicatedThread.start(named: "test-server", stackBytes: 256 * 1_024, body)) != nil
    }
}
