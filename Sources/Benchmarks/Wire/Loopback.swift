internal import CEpoll
internal import Glibc

/// TCP sockets on 127.0.0.1 that never wait.
package enum Loopback {
    private static let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    /// How many connections may wait to be accepted.
    package static let backlog: Int32 = 1_024

    /// Listens at a port; 0 lets the system choose. `nil` where the port is taken.
    ///
    /// - Throws: ``WireError/system(step:code:)``, such as for too many open files.
    package static func listen(at port: UInt16) throws(WireError) -> (descriptor: Int32, port: UInt16)? {
        let descriptor = socket(AF_INET, kind | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw .system(step: "socket", code: errno) }
        var on: Int32 = 1
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, 4)
        guard unsafe withAddress(port, { address, length in unsafe bind(descriptor, address, length) }) == 0,
            Glibc.listen(descriptor, backlog) == 0
        else {
            let code = errno
            close(descriptor)
            if code == EADDRINUSE { return nil }
            throw .system(step: "listen", code: code)
        }
        return (descriptor, chosenPort(of: descriptor))
    }

    /// A connection that waits at a listener; `nil` when there is none.
    package static func accept(_ listener: Int32) -> Int32? {
        let descriptor = lastcall_accept(
            listener,
            nil,
            nil,
            Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        )
        guard descriptor >= 0 else { return nil }
        sendAtOnce(descriptor)
        return descriptor
    }

    /// Connects to a port.
    ///
    /// - Parameters:
    ///   - port: of 127.0.0.1.
    ///   - waits: whether it is connected on return; otherwise it may be on its way.
    /// - Returns: its descriptor.
    /// - Throws: ``WireError/system(step:code:)``.
    package static func connect(to port: UInt16, waits: Bool = true) throws(WireError) -> Int32 {
        let descriptor = socket(AF_INET, waits ? kind : kind | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw .system(step: "socket", code: errno) }
        guard
            unsafe withAddress(port, { address, length in unsafe Glibc.connect(descriptor, address, length) })
                == 0 || errno == EINPROGRESS
        else {
            let code = errno
            close(descriptor)
            throw .system(step: "connect", code: code)
        }
        sendAtOnce(descriptor)
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        return descriptor
    }

    /// Lets a connection end with a reset instead of an orderly end when it is closed.
    package static func resetWhenClosed(_ descriptor: Int32) {
        var option = linger(l_onoff: 1, l_linger: 0)
        let size = socklen_t(MemoryLayout<linger>.size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, size)
    }

    private static func sendAtOnce(_ descriptor: Int32) {
        var on: Int32 = 1
        unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
    }

    private static func withAddress(_ port: UInt16, _ use: (UnsafePointer<sockaddr>, socklen_t) -> Int32)
        -> Int32
    {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe use(address, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private static func chosenPort(of descriptor: Int32) -> UInt16 {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = unsafe getsockname(descriptor, address, &length)
            }
        }
        return UInt16(bigEndian: address.sin_port)
    }
}
