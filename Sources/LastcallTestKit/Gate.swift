import COpenSSL
import Glibc
import Synchronization

/// A gate that a scripted answer waits at until a test opens it: the test decides, and nobody sleeps.
///
/// A pipe whose writing end is closed to open it, so that a server's thread can wait for the gate and for its client
/// at once. Once open, it stays open.
public final class Gate: Sendable {
    /// Hung up once the gate is open.
    let descriptor: Int32
    private let writingEnd: Mutex<Int32?>

    /// A closed gate.
    public init() {
        var ends: [Int32] = [-1, -1]
        unsafe pipe(&ends)
        for end in ends { closeOnExec(end) }
        descriptor = ends[0]
        writingEnd = Mutex(ends[1])
    }

    deinit {
        open()
        close(descriptor)
    }

    /// Lets everyone through who waits or comes later.
    public func open() {
        let end = writingEnd.withLock { end in
            defer { end = nil }
            return end
        }
        if let end { close(end) }
    }

    /// Blocks the thread until the gate is open.
    public func wait() {
        var event = pollfd(fd: descriptor, events: 0, revents: 0)
        while unsafe poll(&event, 1, -1) < 0 {}
    }
}

/// Keeps a descriptor from programs that a test starts: they would hold the other end's connection open.
func closeOnExec(_ descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
}
