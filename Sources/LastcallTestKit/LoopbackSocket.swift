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

    private static func bindIPv4(_ descriptor: Int32, _ port: UInt16) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private static func bindIPv6(_ descriptor: Int32, _ port: UInt16) -> Int32 {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
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
