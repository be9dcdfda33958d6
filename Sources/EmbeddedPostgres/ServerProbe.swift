internal import Glibc

/// Asks a server whether it is ready, in the words of Postgres's own protocol (version 3.0, "Message Formats").
struct ServerProbe: Sendable {
    /// What a server answered.
    enum Answer: Sendable, Hashable {
        /// Nobody answers, or the server is still starting.
        case notYet
        /// The database takes statements.
        case ready
        /// The server is ready, and the database is not there.
        case noDatabase
        /// The server refuses us for another reason.
        case refused(sqlState: String)
    }

    let socket: String

    /// Opens a connection, waits for the answer, closes it; each wait for bytes is at most a second.
    func ask() -> Answer {
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return .notYet }
        defer { close(descriptor) }
        var limit = timeval(tv_sec: 1, tv_usec: 0)
        let length = socklen_t(MemoryLayout<timeval>.size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, length)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, length)
        guard connect(descriptor), send(Self.startup, to: descriptor) else { return .notYet }
        while let (kind, body) = message(from: descriptor) {
            switch kind {
            case UInt8(ascii: "Z"):
                _ = send([UInt8(ascii: "X"), 0, 0, 0, 4], to: descriptor)
                return .ready
            case UInt8(ascii: "E"):
                return Self.answer(toError: body)
            default: continue
            }
        }
        return .notYet
    }

    /// The startup message: its length, protocol 3.0, pairs of names and values, an empty name.
    private static let startup: [UInt8] = {
        let pairs = ["user", "lastcall", "database", "lastcall", "application_name", "lastcall up"]
        let body: [UInt8] = [0, 3, 0, 0] + pairs.flatMap { [UInt8]($0.utf8) + [0] } + [0]
        return [0, 0, 0, UInt8(body.count + 4)] + body
    }()

    /// An error's fields are a letter and a text that ends with a zero; `C` is the code.
    private static func answer(toError body: [UInt8]) -> Answer {
        let code = body.split(separator: 0).first { $0.first == UInt8(ascii: "C") }?.dropFirst() ?? []
        return switch String(decoding: code, as: UTF8.self) {
        case "57P03": .notYet
        case "3D000": .noDatabase
        case let other: .refused(sqlState: other)
        }
    }

    private func connect(_ descriptor: Int32) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(socket.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }

    private func send(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        unsafe Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }

    /// One message: a letter, a length of four bytes that counts itself, a body.
    private func message(from descriptor: Int32) -> (UInt8, [UInt8])? {
        guard let head = receive(5, from: descriptor) else { return nil }
        let length = head.dropFirst().reduce(0) { $0 << 8 | Int($1) } - 4
        guard (0...65_536).contains(length), let body = receive(length, from: descriptor) else { return nil }
        return (head[0], body)
    }

    private func receive(_ count: Int, from descriptor: Int32) -> [UInt8]? {
        var bytes: [UInt8] = []
        while bytes.count < count {
            var chunk = [UInt8](repeating: 0, count: count - bytes.count)
            let received = unsafe recv(descriptor, &chunk, chunk.count, 0)
            guard received > 0 else { return nil }
            bytes += chunk.prefix(received)
        }
        return bytes
    }
}
