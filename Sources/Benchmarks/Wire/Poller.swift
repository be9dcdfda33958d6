internal import CEpoll
internal import Glibc

/// Which of many descriptors have something to read, have room to write, or are due.
@safe
package final class Poller {
    /// What a descriptor is watched for, or ready for.
    package struct Interest: OptionSet, Sendable {
        package let rawValue: UInt32
        /// Something to read.
        package static let reading = Interest(rawValue: lastcall_epoll_in)
        /// Room to write.
        package static let writing = Interest(rawValue: lastcall_epoll_out)

        /// These bits of `epoll_event`.
        package init(rawValue: UInt32) { self.rawValue = rawValue }
    }

    private static let batch = 512
    private let epoll: Int32
    private let timer: Int32
    private let events: UnsafeMutablePointer<lastcall_epoll_event>

    /// Watches nothing yet.
    ///
    /// - Throws: ``WireError/system(step:code:)``.
    package init() throws(WireError) {
        (epoll, timer) = (lastcall_epoll_open(), lastcall_timer_open())
        guard epoll >= 0, timer >= 0 else { throw .system(step: "open epoll", code: errno) }
        unsafe events = .allocate(capacity: Self.batch)
        lastcall_epoll_watch(epoll, lastcall_epoll_add, timer, Interest.reading.rawValue)
    }

    deinit {
        close(epoll)
        close(timer)
        unsafe events.deallocate()
    }

    /// Watches a descriptor from now on, until it is closed or forgotten.
    package func watch(_ descriptor: Int32, for interest: Interest = .reading) {
        lastcall_epoll_watch(epoll, lastcall_epoll_add, descriptor, interest.rawValue)
    }

    /// Watches a descriptor for something else.
    package func change(_ descriptor: Int32, to interest: Interest) {
        lastcall_epoll_watch(epoll, lastcall_epoll_modify, descriptor, interest.rawValue)
    }

    /// Watches a descriptor no more.
    package func forget(_ descriptor: Int32) {
        lastcall_epoll_watch(epoll, lastcall_epoll_delete, descriptor, 0)
    }

    /// Lets ``wait(_:)`` return at this time at the latest; `nil` lets it wait for ever.
    package func wake(at moment: UInt64?) {
        lastcall_timer_set(timer, moment ?? 0)
    }

    /// Waits until a descriptor is ready, or the time has come, and hands over each that is ready.
    package func wait(_ handle: (Int32, Interest) throws -> Void) rethrows {
        let count = unsafe lastcall_epoll_wait_for(epoll, events, Int32(Self.batch), -1)
        for position in 0..<max(0, count) {
            let descriptor = unsafe lastcall_epoll_descriptor(events, position)
            if descriptor == timer {
                var expirations: UInt64 = 0
                _ = unsafe read(timer, &expirations, 8)
                continue
            }
            try handle(descriptor, Interest(rawValue: unsafe lastcall_epoll_events(events, position)))
        }
    }
}
