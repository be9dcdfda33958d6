import CCurl
import DeliveryPolicy
import Glibc

/// The address and port of a `sockaddr` of IPv4 or IPv6.
struct SocketAddress {
    let address: IPAddress
    let port: UInt16

    /// Reads what the pointer holds, which is as long as its family says; `nil` for any other family.
    init?(_ pointer: UnsafePointer<sockaddr>) {
        switch unsafe Int32(pointer.pointee.sa_family) {
        case AF_INET:
            let value = unsafe UnsafeRawPointer(pointer).loadUnaligned(as: sockaddr_in.self)
            address = IPAddress(v4: UInt32(bigEndian: value.sin_addr.s_addr))
            port = UInt16(bigEndian: value.sin_port)
        case AF_INET6:
            let value = unsafe UnsafeRawPointer(pointer).loadUnaligned(as: sockaddr_in6.self)
            let halves = unsafe withUnsafeBytes(of: value.sin6_addr) { bytes in
                unsafe (
                    UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                    UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
                )
            }
            address = IPAddress(v6High: halves.0, v6Low: halves.1)
            port = UInt16(bigEndian: value.sin6_port)
        default:
            return nil
        }
    }
}
