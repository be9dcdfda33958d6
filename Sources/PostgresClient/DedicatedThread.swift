import CPostgres
import Glibc

/// Threads of our own for calls that block: libpq must never hold one of Swift's shared pool.
enum DedicatedThread {
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts a detached thread that takes no signals, so that they reach the thread that waits for them.
    ///
    /// - Parameters:
    ///   - name: at most 15 bytes, as the kernel keeps it.
    ///   - body: what the thread does before it ends.
    /// - Throws: ``PostgresError/resources(code:)`` where the machine gives no thread.
    static func start(named name: String, _ body: @escaping @Sendable () -> Void) throws(PostgresError) {
        var (blocked, former) = (sigset_t(), sigset_t())
        unsafe sigfillset(&blocked)
        // A crash must still be reported by the runtime's handlers.
        for signal in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT] {
            unsafe sigdelset(&blocked, signal)
        }
        unsafe pthread_sigmask(SIG_SETMASK, &blocked, &former)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &former, nil) }

        let context = unsafe Unmanaged.passRetained(
            Body {
                unsafe lastcall_name_thread(name)
                body()
            }
        )
        var thread = pthread_t()
        let code = unsafe pthread_create(
            &thread,
            nil,
            { context in
                guard let context = unsafe context else { return nil }
                unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                return nil
            },
            context.toOpaque()
        )
        guard code == 0 else {
            unsafe context.release()
            throw .resources(code: code)
        }
        pthread_detach(thread)
    }

    /// Runs one blocking piece of work on a thread of its own and waits for it without blocking the caller's.
    static func run<R: Sendable>(
        named name: String,
        _ body: @escaping @Sendable () throws -> R
    ) async throws -> R {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<R, any Error>) in
            do {
                try start(named: name) { continuation.resume(with: Result(catching: body)) }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }
}
