import COpenSSL
import Glibc

/// A stream socket that is bound to a loopback address and does nothing yet.
struct LoopbackSocket: Sendable {
    let descriptor: Int32
    let port: UInt16

    /// Binds to `127.0.0.1`, or to `::1`. Port 0 lets the system choose.
    ///
    /// - Throws: ``ScriptedRelyingPartyError/socket(errno:)``.
    init(ipv6: Bool, port: UInt16 = 0) throws {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        descriptor = socket(ipv6 ? AF_INET6 : AF_INET, type, 0)
        guard descriptor >= 0 else { throw ScriptedRelyingPartyError.socket(errno: errno) }
        let bound = ipv6 ? Self.bindIPv6(descriptor, port) : Self.bindIPv4(descriptor, port)
        guard bound == 0 else {
            let code = errno
            close(descriptor)
            throw ScriptedRelyingPartyError.socket(errno: code)
        }
        self.port = Self.port(of: descriptor)
    }

    /// Binds to a port of every address, of IPv4 and IPv6 alike.
    ///
    /// - Throws: ``ScriptedRelyingPartyError/socket(errno:)``.
    init(everywhereAt port: UInt16) throws {
        descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        self.port = port
        guard descriptor >= 0 else { throw ScriptedRelyingPartyError.socket(errno: errno) }
        var (off, on): (Int32, Int32) = (0, 1)
        unsafe setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &off, 4)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, 4)
        guard Self.bindIPv6(descriptor, port, to: in6addr_any) == 0 else {
            let code = errno
            close(descriptor)
            throw ScriptedRelyingPartyError.socket(errno: code)
        }
    }

    /// Binds a socket for datagrams to a port of `127.0.0.1`.
    ///
    /// - Throws: ``ScriptedRelyingPartyError/socket(errno:)``.
    init(datagramsAt port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw ScriptedRelyingPartyError.socket(errno: errno) }
        guard Self.bindIPv4(descriptor, port) == 0 else {
            let code = errno
            close(descriptor)
            throw ScriptedRelyingPartyError.socket(errno: code)
        }
        self.port = Self.port(of: descriptor)
    }

    /// Connects to a port of a loopback address of IPv4; `127.0.0.1` unless told.
    ///
    /// - Throws: ``ScriptedRelyingPartyError/socket(errno:)``.
    init(connectedTo port: UInt16, address: UInt32 = 0x7f00_0001) throws {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        descriptor = socket(AF_INET, type, 0)
        self.port = port
        guard descriptor >= 0 else { throw ScriptedRelyingPartyError.socket(errno: errno) }
        var address = Self.ipv4(port, address)
        let code = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe connect(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else {
            let code = errno
            close(descriptor)
            throw ScriptedRelyingPartyError.socket(errno: code)
        }
    }

    private static func ipv4(_ port: UInt16, _ number: UInt32 = 0x7f00_0001) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = number.bigEndian
        return address
    }

    private static func bindIPv4(_ descriptor: Int32, _ port: UInt16) -> Int32 {
        var address = ipv4(port)
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private static func bindIPv6(
        _ descriptor: Int32,
        _ port: UInt16,
        to number: in6_addr = in6addr_loopback
    ) -> Int32 {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        address.sin6_addr = number
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
