import COpenSSL
import Glibc

/// A socket that listens on a loopback address, at a port that the system chooses.
struct ListeningSocket: Sendable {
    let descriptor: Int32
    let port: UInt16

    /// - Parameter ipv6: `::1` instead of `127.0.0.1`.
    /// - Throws: ``ScriptedRelyingPartyError/socket(errno:)``.
    init(ipv6: Bool = false) throws {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        descriptor = socket(ipv6 ? AF_INET6 : AF_INET, type, 0)
        guard descriptor >= 0 else { throw ScriptedRelyingPartyError.socket(errno: errno) }
        let bound = ipv6 ? Self.bindIPv6(descriptor) : Self.bindIPv4(descriptor)
        guard bound == 0, listen(descriptor, 1_024) == 0 else {
            let code = errno
            close(descriptor)
            throw ScriptedRelyingPartyError.socket(errno: code)
        }
        port = Self.port(of: descriptor)
    }

    /// The next connection; `nil` once the socket is shut down.
    func accept() -> Int32? {
        while true {
            let connection = Glibc.accept(descriptor, nil, nil)
            if connection >= 0 {
                closeOnExec(connection)
                var on: Int32 = 1
                unsafe setsockopt(connection, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
                return connection
            }
            guard errno == EINTR || errno == ECONNABORTED || errno == EMFILE else { return nil }
            // No descriptor at the moment: the connection waits in the queue, and so does this thread.
            if errno == EMFILE { usleep(1_000) }
        }
    }

    private static func bindIPv4(_ descriptor: Int32) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private static func bindIPv6(_ descriptor: Int32) -> Int32 {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_addr = in6addr_loopback
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(descriptor, address, socklen_t(MemoryLayout<sockaddr_in6>.size))
            }
        }
    }

    /// The port stands at the same place in both families' addresses.
    private static func port(of descriptor: Int32) -> UInt16 {
        var address = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = unsafe getsockname(descriptor, address, &length)
            }
        }
        return UInt16(bigEndian: address.sin6_port)
    }
}
