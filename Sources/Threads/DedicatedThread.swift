import Glibc

/// Threads of our own for calls that block: they must never hold one of Swift's shared pool.
public enum DedicatedThread {
    /// The machine gives no thread.
    public struct NotStarted: Error, Sendable, Hashable {
        /// The `errno`.
        public let code: Int32
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// A thread that somebody waits for.
    public struct Joinable: Sendable {
        fileprivate let thread: pthread_t

        /// Waits until the thread is gone, with what libraries keep for each thread. To be called once.
        public func join() {
            pthread_join(thread, nil)
        }
    }

    /// Starts a thread that nobody waits for.
    ///
    /// It takes no signals but those of a crash: the others belong to the thread that waits for them, and `SIGPIPE`,
    /// raised by a write to a closed connection, to nobody.
    ///
    /// - Parameters:
    ///   - name: at most 15 bytes, as the kernel keeps it.
    ///   - stackBytes: the size of its stack; the system's default unless given.
    ///   - body: what the thread does before it ends.
    /// - Throws: ``NotStarted``; `body` is then never called.
    public static func start(
        named name: String,
        stackBytes: Int? = nil,
        _ body: @escaping @Sendable () -> Void
    ) throws(NotStarted) {
        pthread_detach(try create(name, stackBytes, body))
    }

    /// Starts a thread that is joined later; otherwise as ``start(named:stackBytes:_:)``.
    ///
    /// - Parameters:
    ///   - name: at most 15 bytes, as the kernel keeps it.
    ///   - stackBytes: the size of its stack; the system's default unless given.
    ///   - body: what the thread does before it ends.
    /// - Returns: the thread, to be joined once.
    /// - Throws: ``NotStarted``; `body` is then never called.
    public static func startJoinable(
        named name: String,
        stackBytes: Int? = nil,
        _ body: @escaping @Sendable () -> Void
    ) throws(NotStarted) -> Joinable {
        Joinable(thread: try create(name, stackBytes, body))
    }

    private static func create(
        _ name: String,
        _ stackBytes: Int?,
        _ body: @escaping @Sendable () -> Void
    ) throws(NotStarted) -> pthread_t {
        // A thread inherits the mask of its maker, so that no signal reaches it even at its start.
        var (blocked, former) = (sigset_t(), sigset_t())
        unsafe sigfillset(&blocked)
        for signal in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT] {
            unsafe sigdelset(&blocked, signal)
        }
        unsafe pthread_sigmask(SIG_SETMASK, &blocked, &former)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &former, nil) }

        var attributes = pthread_attr_t()
        let initialised = unsafe pthread_attr_init(&attributes)
        guard initialised == 0 else { throw NotStarted(code: initialised) }
        defer { unsafe pthread_attr_destroy(&attributes) }
        if let stackBytes { unsafe pthread_attr_setstacksize(&attributes, stackBytes) }

        let named = Body {
            nameThisThread(name)
            body()
        }
        let context = unsafe Unmanaged.passRetained(named)
        var thread = pthread_t()
        let code = unsafe pthread_create(&thread, &attributes, threadMain, context.toOpaque())
        guard code == 0 else {
            unsafe context.release()
            throw NotStarted(code: code)
        }
        return thread
    }

    /// Through the file system, because the C call is variadic or a GNU extension; a thread without a name works too.
    private static func nameThisThread(_ name: String) {
        let file = unsafe open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        _ = unsafe write(file, name, min(15, name.utf8.count))
        close(file)
    }

    private static let threadMain: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = {
        context in
        guard let context = unsafe context else { return nil }
        unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
        return nil
    }

    /// Runs one blocking piece of work on a thread of its own and waits for it without blocking the caller's.
    ///
    /// - Throws: what `body` throws, or ``NotStarted``.
    public static func run<R: Sendable>(
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
