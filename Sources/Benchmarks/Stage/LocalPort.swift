internal import Glibc

/// Ports of 127.0.0.1 that nobody has.
enum LocalPort {
    /// A port that was free a moment ago; the system hands out others first before it hands this one out again.
    static func free() throws(BenchmarkError) -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw BenchmarkError("socket: errno \(errno)") }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                let bound = unsafe bind(descriptor, address, length)
                return bound == 0 ? unsafe getsockname(descriptor, address, &length) : bound
            }
        }
        guard code == 0 else { throw BenchmarkError("bind: errno \(errno)") }
        return UInt16(bigEndian: address.sin_port)
    }
}
