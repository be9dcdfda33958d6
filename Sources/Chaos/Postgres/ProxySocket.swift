internal import CEpoll
internal import Glibc

/// The sockets of a ``CuttingProxy``; none is inherited by a program that is started.
enum ProxySocket {
    private static let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)

    /// Takes a port of 127.0.0.1 that the system chooses.
    ///
    /// Named outright, the port stays taken while nobody listens at it: what is bound to no port in particular loses it then.
    static func bind() throws -> (listener: Int32, port: UInt16) {
        for _ in 0..<16 {
            let probe = socket(AF_INET, kind, 0)
            guard probe >= 0 else { throw ChaosError("socket: errno \(errno)") }
            let port = bind(probe, to: 0)
            close(probe)
            let listener = socket(AF_INET, kind, 0)
            guard listener >= 0 else { throw ChaosError("socket: errno \(errno)") }
            // Listening again must not wait for connections of before that the system still remembers.
            var on: Int32 = 1
            unsafe setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, 4)
            if let port, bind(listener, to: port) == port { return (listener, port) }
            close(listener)
        }
        throw ChaosError("no free port on 127.0.0.1")
    }

    private static func bind(_ descriptor: Int32, to port: UInt16) -> UInt16? {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                let bound = unsafe Glibc.bind(descriptor, address, length)
                return bound == 0 ? unsafe getsockname(descriptor, address, &length) : bound
            }
        }
        return code == 0 ? UInt16(bigEndian: address.sin_port) : nil
    }

    /// The next connection; `nil` once nobody listens.
    static func accept(_ listener: Int32) -> Int32? {
        while true {
            let client = lastcall_accept(listener, nil, nil, Int32(SOCK_CLOEXEC.rawValue))
            if client >= 0 {
                var on: Int32 = 1
                unsafe setsockopt(client, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
                return client
            }
            guard errno == EINTR || errno == ECONNABORTED || errno == EMFILE else { return nil }
            if errno == EMFILE { usleep(1_000) }
        }
    }

    /// Connects to a Unix socket; `nil` where nobody listens.
    static func connect(_ path: String) -> Int32? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        let descriptor = socket(AF_UNIX, kind, 0)
        guard descriptor >= 0 else { return nil }
        let code = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard code == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    /// Sends all of it; false where the other side is gone.
    static func send(_ bytes: some Collection<UInt8>, to descriptor: Int32) -> Bool {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Reads what has come; `nil` at the end.
    static func read(_ descriptor: Int32) -> ArraySlice<UInt8>? {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe recv(descriptor, &chunk, chunk.count, 0)
            if count < 0, errno == EINTR { continue }
            return count > 0 ? chunk[..<count] : nil
        }
    }

    /// Closed, the connection is reset rather than ended in good order.
    static func prepareReset(_ descriptor: Int32) {
        var linger = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
    }
}
