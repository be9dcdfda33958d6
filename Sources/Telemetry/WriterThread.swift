import Glibc

/// A detached thread for writes that may block for ever, with every signal blocked but those of a crash.
///
/// `SIGPIPE` goes to the thread that wrote: blocked there, a reader that has gone is `EPIPE` and nothing more,
/// whatever the program does with that signal.
enum WriterThread {
    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }

    /// Starts a thread.
    ///
    /// - Parameter body: what it does before it ends.
    /// - Throws: ``TelemetryError/noThread(code:)``; `body` is then never called.
    static func start(_ body: @escaping @Sendable () -> Void) throws(TelemetryError) {
        // A thread inherits the mask of its maker, so that no signal reaches it even at its start.
        var (blocked, former) = (sigset_t(), sigset_t())
        unsafe sigfillset(&blocked)
        for crash in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT] { unsafe sigdelset(&blocked, crash) }
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
            throw .noThread(code: code)
        }
        pthread_detach(thread)
    }
}
