import FoundationEssentials
import Glibc
import Synchronization

/// A reader of server-sent events on loopback, as a program has it: it keeps what has come, on a thread of its own.
public final class EventStream: Sendable {
    private struct State {
        var text = ""
        var isEnded = false
    }

    private let descriptor: Int32
    private let state = Mutex(State())

    /// Asks for a stream.
    ///
    /// - Parameters:
    ///   - path: path and query as they are to be sent.
    ///   - port: of `127.0.0.1`.
    ///   - key: an API key.
    ///   - id: of the last event that the reader has.
    ///   - reads: `false`: nothing is taken from the connection once the stream has begun.
    /// - Throws: ``TestKitError`` where nothing listens.
    public convenience init(
        _ path: String,
        port: UInt16,
        key: String,
        after id: String? = nil,
        reads: Bool = true
    ) throws {
        let last = id.map { [("Last-Event-ID", $0)] } ?? []
        try self.init(path, port: port, headers: [("Authorization", "Bearer \(key)")] + last, reads: reads)
    }

    /// Asks for a stream as a browser does.
    ///
    /// - Parameters:
    ///   - path: path and query as they are to be sent.
    ///   - port: of `127.0.0.1`.
    ///   - headers: fields beside `Host`.
    ///   - reads: `false`: nothing is taken from the connection once the stream has begun.
    /// - Throws: ``TestKitError`` where nothing listens.
    public init(_ path: String, port: UInt16, headers: [(String, String)], reads: Bool = true) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        closeOnExec(descriptor)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let code = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { [descriptor] address in
                unsafe connect(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else { throw TestKitError("no connection to port \(port)") }
        let fields = headers.map { "\($0): \($1)\r\n" }.joined()
        let bytes = Array("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\(fields)\r\n".utf8)
        guard unsafe send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count,
            ServerThread.start({ [self] in read(all: reads) })
        else { throw TestKitError("the stream cannot be asked for") }
    }

    deinit { close(descriptor) }

    /// Hangs up.
    public func leave() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Everything that has come, the head of the answer first.
    public var text: String { state.withLock { $0.text } }

    /// Whether the server has ended it.
    public var isEnded: Bool { state.withLock { $0.isEnded } }

    /// The ids of the events that have come.
    public var ids: [String] { fields("id: ") }

    /// The data of the events that have come.
    public var data: [String] { fields("data: ") }

    /// Waits until the stream has begun.
    ///
    /// - Throws: ``TestKitError``.
    public func opened() async throws {
        try await eventually("the stream to begin") { self.text.contains("retry: ") }
    }

    /// Waits until so many events have come.
    ///
    /// - Parameter count: at least this many.
    /// - Returns: the ids of all that have.
    /// - Throws: ``TestKitError``.
    public func ids(_ count: Int) async throws -> [String] {
        try await eventually("\(count) events") {
            let ids = self.ids
            return ids.count >= count ? ids : nil
        }
    }

    /// Waits until the server has ended it.
    ///
    /// - Throws: ``TestKitError``.
    public func ended() async throws {
        try await eventually("the end of the stream") { self.isEnded }
    }

    private func fields(_ name: String) -> [String] {
        text.split(whereSeparator: \.isNewline).filter { $0.hasPrefix(name) }.map {
            String($0.dropFirst(name.count))
        }
    }

    private func read(all: Bool) {
        var buffer = [UInt8](repeating: 0, count: all ? 65_536 : 16)
        while all || !text.contains("retry: ") {
            let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            let part = String(decoding: buffer.prefix(count), as: UTF8.self)
            state.withLock { $0.text += part }
        }
        if all { state.withLock { $0.isEnded = true } }
    }
}
