import CCurl
import Glibc

/// What libcurl wants to know of its sockets, kept in one epoll instance; and how other threads end the wait.
///
/// libcurl asks for a socket at each request and lets go of it at the end. A kept connection stays registered all the
/// while, so that a request on it costs no call of `epoll_ctl`; an event that nobody wants ends the registration. The kernel
/// forgets a closed socket by itself, and its number is given again: ``opened(_:)`` begins anew with it.
///
/// `@unchecked Sendable`: only ``wakeUp()`` is called from other threads, and writes to a descriptor.
@safe
final class SocketWatch: @unchecked Sendable {
    /// A socket, as far as epoll and libcurl go.
    private struct Known {
        /// What epoll reports, as libcurl's `CURL_POLL_` bits; 0 where it does not know the socket.
        var registered: Int32 = 0
        /// What libcurl wants to know; 0 while the connection is idle.
        var wanted: Int32 = 0
        /// Tells the sockets of one number apart.
        var generation: UInt32 = 0
    }

    private static let eventsAtOnce = 256
    /// In place of a socket: ``wakeUp()``.
    private static let wakeUpMark = UInt64.max

    private let epoll: Int32
    private let wakeUps: Int32
    private var known: [Known] = []
    private var events: [epoll_event]
    private var readyCount = 0

    /// `nil` where there are no descriptors to be had.
    init?() {
        unsafe events = Array(repeating: epoll_event(), count: Self.eventsAtOnce)
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        wakeUps = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard epoll >= 0, wakeUps >= 0, set(EPOLL_CTL_ADD, wakeUps, CURL_POLL_IN, mark: Self.wakeUpMark)
        else {
            return nil
        }
    }

    deinit {
        if epoll >= 0 { close(epoll) }
        if wakeUps >= 0 { close(wakeUps) }
    }

    /// Ends the wait, now or the next one.
    func wakeUp() {
        _ = eventfd_write(wakeUps, 1)
    }

    // MARK: On the client's thread

    /// A new socket has this number.
    func opened(_ socket: Int32) {
        let place = Int(socket)
        while known.count <= place { known.append(Known()) }
        known[place] = Known(generation: known[place].generation &+ 1)
    }

    /// Takes in what libcurl wants to know of a socket. False where epoll does not take it.
    func want(_ wish: Int32, of socket: Int32) -> Bool {
        guard known.indices.contains(Int(socket)) else { return false }
        let wanted = wish == CURL_POLL_REMOVE ? 0 : wish
        known[Int(socket)].wanted = wanted
        let registered = known[Int(socket)].registered
        guard wanted != 0, wanted != registered else { return true }
        known[Int(socket)].registered = wanted
        let mark = UInt64(known[Int(socket)].generation) << 32 | UInt64(socket)
        return set(registered == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, socket, wanted, mark: mark)
    }

    /// Waits for a socket or ``wakeUp()``, at most this long; ``ready(_:)`` then tells of the sockets.
    func wait(milliseconds: Int32) {
        readyCount = max(0, Int(unsafe epoll_wait(epoll, &events, Int32(Self.eventsAtOnce), milliseconds)))
    }

    /// Tells of each socket that the last wait found ready, with libcurl's `CURL_CSELECT_` bits; ends where told so.
    func ready(_ tell: (_ socket: Int32, _ bits: Int32) -> Bool) -> Bool {
        defer { readyCount = 0 }
        for place in 0..<readyCount {
            let mark = unsafe events[place].data.u64
            guard mark != Self.wakeUpMark else {
                var count: eventfd_t = 0
                _ = unsafe eventfd_read(wakeUps, &count)
                continue
            }
            let socket = Int32(truncatingIfNeeded: mark & 0xFFFF_FFFF)
            // Closed since, and perhaps another by now.
            guard known[Int(socket)].generation == UInt32(mark >> 32) else { continue }
            guard known[Int(socket)].wanted != 0 else {
                // The server closes an idle connection, or says something: libcurl finds out before it uses it.
                known[Int(socket)].registered = 0
                _ = set(EPOLL_CTL_DEL, socket, 0, mark: mark)
                continue
            }
            guard tell(socket, Self.bits(of: unsafe events[place].events)) else { return false }
        }
        return true
    }

    private static func bits(of events: UInt32) -> Int32 {
        var bits: Int32 = 0
        if events & EPOLLIN.rawValue != 0 { bits |= CURL_CSELECT_IN }
        if events & EPOLLOUT.rawValue != 0 { bits |= CURL_CSELECT_OUT }
        if events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 {
            bits |= CURL_CSELECT_ERR | CURL_CSELECT_IN
        }
        return bits
    }

    private func set(_ operation: Int32, _ socket: Int32, _ wanted: Int32, mark: UInt64) -> Bool {
        var event = unsafe epoll_event()
        if wanted & CURL_POLL_IN != 0 { unsafe event.events |= EPOLLIN.rawValue }
        if wanted & CURL_POLL_OUT != 0 { unsafe event.events |= EPOLLOUT.rawValue }
        unsafe event.data.u64 = mark
        return unsafe epoll_ctl(epoll, operation, socket, &event) == 0
    }
}
