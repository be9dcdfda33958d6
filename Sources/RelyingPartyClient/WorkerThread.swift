import CCurl
import Glibc

/// A thread for calls that block, with every signal blocked.
///
/// Signals belong to the rest of the process, except `SIGPIPE`: a write of OpenSSL's to a connection that the RP
/// has closed raises it on the writing thread, and unblocked it would end the process.
struct WorkerThread: Sendable {
    private let thread: pthread_t

    /// Starts a thread.
    ///
    /// - Parameters:
    ///   - stackBytes: the size of its stack.
    ///   - body: what it does before it ends; never called where an error is thrown.
    /// - Throws: ``RelyingPartyClientError/threadNotStarted(_:)``.
    init(stackBytes: Int, _ body: @escaping @Sendable () -> Void) throws(RelyingPartyClientError) {
        var attributes = pthread_attr_t()
        let initialised = unsafe pthread_attr_init(&attributes)
        guard initialised == 0 else { throw .threadNotStarted(initialised) }
        defer { unsafe pthread_attr_destroy(&attributes) }
        unsafe pthread_attr_setstacksize(&attributes, stackBytes)

        let context = unsafe Unmanaged.passRetained(ThreadBody(body)).toOpaque()
        var thread = pthread_t()
        let started = unsafe pthread_create(&thread, &attributes, threadMain, context)
        guard started == 0 else {
            unsafe Unmanaged<ThreadBody>.fromOpaque(context).release()
            throw .threadNotStarted(started)
        }
        self.thread = thread
    }

    /// Lets the thread go: nobody will wait for it.
    func detach() {
        pthread_detach(thread)
    }

    /// Waits until the thread is gone, with what libraries keep for each thread.
    func join() {
        pthread_join(thread, nil)
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
