import Glibc

/// Waits for a socket with poll(2), never longer than a deadline.
enum SocketWait {
    /// What ended a wait.
    enum Outcome {
        case ready
        case deadline
        /// The second descriptor became readable: somebody wants this thread's attention.
        case interrupted
    }

    static let readable = Int16(POLLIN)
    static let writable = Int16(POLLOUT)

    /// Waits until the socket is ready for one of `events`, has an error or is hung up, or the deadline passes.
    static func wait(
        _ socket: Int32,
        for events: Int16,
        interruptedBy interrupt: Int32 = -1,
        until deadline: ContinuousClock.Instant?
    ) -> Outcome {
        // poll(2) ignores a negative descriptor.
        var descriptors = (
            pollfd(fd: socket, events: events, revents: 0),
            pollfd(fd: interrupt, events: readable, revents: 0)
        )
        while true {
            let timeout = deadline.map { ContinuousClock.now.duration(to: $0).wholeMilliseconds } ?? -1
            let count = unsafe withUnsafeMutableBytes(of: &descriptors) { bytes in
                unsafe poll(bytes.assumingMemoryBound(to: pollfd.self).baseAddress, 2, timeout)
            }
            if count > 0 { return descriptors.1.revents == 0 ? .ready : .interrupted }
            if count == 0 { return .deadline }
            // The machine is out of memory: giving up the statement is all that is left.
            if errno != EINTR { return .deadline }
        }
    }

    /// What the socket has to say right now.
    static func glance(_ socket: Int32) -> Int16 {
        var descriptor = pollfd(fd: socket, events: readable, revents: 0)
        let count = unsafe poll(&descriptor, 1, 0)
        return count > 0 ? descriptor.revents : 0
    }
}
