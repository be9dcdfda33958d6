internal import Glibc

/// A thread of its own for work that blocks, and for a child process: the kernel's parent-death signal follows the
/// thread that started the child, so that thread must live as long as the child.
enum DedicatedThread {
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts a detached thread that takes no signals, so that they reach the thread that waits for them.
    static func start(_ body: @escaping @Sendable () -> Void) throws(EmbeddedPostgresError) {
        var (blocked, former) = (sigset_t(), sigset_t())
        unsafe sigfillset(&blocked)
        // A crash must still be reported by the runtime's handlers.
        for signal in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT] {
            unsafe sigdelset(&blocked, signal)
        }
        unsafe pthread_sigmask(SIG_SETMASK, &blocked, &former)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &former, nil) }

        let context = unsafe Unmanaged.passRetained(Body(body))
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
            throw .system(operation: "start", path: "a thread", code: code)
        }
        pthread_detach(thread)
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
