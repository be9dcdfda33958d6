import COpenSSL
import Glibc

/// A detached thread for a test server's blocking calls. Its signals are blocked, `SIGPIPE` above all: a client
/// that is gone must not end the test process.
enum BlockingThread {
    /// Starts a thread. Returns false, and `body` is never called, where the system has none to spare.
    static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        defer { unsafe pthread_attr_destroy(&attributes) }
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        unsafe pthread_attr_setstacksize(&attributes, 256 * 1_024)

        let context = unsafe Unmanaged.passRetained(ThreadBody(body)).toOpaque()
        var thread = pthread_t()
        let isStarted = unsafe pthread_create(&thread, &attributes, threadMain, context) == 0
        if !isStarted { unsafe Unmanaged<ThreadBody>.fromOpaque(context).release() }
        return isStarted
    }
}

private final class ThreadBody: Sendable {
    let call: @Sendable () -> Void

    init(_ call: @escaping @Sendable () -> Void) {
        self.call = call
    }
}

private func threadMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    var all = sigset_t()
    unsafe sigfillset(&all)
    unsafe pthread_sigmask(SIG_BLOCK, &all, nil)
    if let context = unsafe context {
        unsafe Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().call()
    }
    return nil
}
