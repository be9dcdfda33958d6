import CCurl
import Glibc

/// A detached thread for calls that block, with every signal blocked.
///
/// Signals belong to the rest of the process, except `SIGPIPE`: a write of OpenSSL's to a connection that the RP
/// has closed raises it on the writing thread, and unblocked it would end the process.
enum WorkerThread {
    /// Starts a thread.
    ///
    /// - Parameters:
    ///   - stackBytes: the size of its stack.
    ///   - body: what it does before it ends.
    /// - Returns: 0, or the `errno` of why there is no thread; `body` is then never called.
    static func start(stackBytes: Int, _ body: @escaping @Sendable () -> Void) -> Int32 {
        var attributes = pthread_attr_t()
        let initialised = unsafe pthread_attr_init(&attributes)
        guard initialised == 0 else { return initialised }
        defer { unsafe pthread_attr_destroy(&attributes) }
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        unsafe pthread_attr_setstacksize(&attributes, stackBytes)

        let context = unsafe Unmanaged.passRetained(ThreadBody(body)).toOpaque()
        var thread = pthread_t()
        let started = unsafe pthread_create(&thread, &attributes, threadMain, context)
        if started != 0 { unsafe Unmanaged<ThreadBody>.fromOpaque(context).release() }
        return started
    }
}

/// A closure as an object, so that it fits through a pointer.
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
