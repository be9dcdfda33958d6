internal import Dispatch
internal import Synchronization

/// Calls what is asynchronous from a thread of our own, which may block.
enum Blocking {
    private final class Outcome: Sendable {
        let result = Mutex<Result<Void, any Error>?>(nil)
    }

    /// Waits for the end of `body`.
    static func wait(_ body: @escaping @Sendable () async throws -> Void) throws {
        let outcome = Outcome()
        let done = DispatchSemaphore(value: 0)
        Task.detached {
            do {
                try await body()
                outcome.result.withLock { $0 = .success(()) }
            } catch {
                outcome.result.withLock { $0 = .failure(error) }
            }
            done.signal()
        }
        done.wait()
        try outcome.result.withLock { $0 }?.get()
    }
}
