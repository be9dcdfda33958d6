import Foundation
import Glibc

/// A client's connection to a loopback port that sends bytes as they are: how tests say what no client library would.
///
/// Its calls block; each runs on a thread of its own.
public final class RawConnection: Sendable {
    /// What came back.
    public struct Received: Sendable {
        /// Everything that came.
        public var bytes: [UInt8] = []
        /// Whether the other side has ended the connection; otherwise it stayed silent for ``patience``.
        public var isEnded = false

        /// The bytes as text.
        public var text: String { String(decoding: bytes, as: UTF8.self) }

        /// The statuses of the answers, in order, `100 Continue` among them.
        public var statuses: [Int] {
            text.components(separatedBy: "HTTP/1.").dropFirst().compactMap { part in
                let digits = part.dropFirst(2).prefix(3)
                return part.first == "1" || part.first == "0" ? Int(digits) : nil
            }
        }
    }

    /// How long silence is listened to.
    public static let patience: Int32 = 60_000

    private let stream: Stream

    /// `@unchecked Sendable`: whoever owns the connection makes one call after the other.
    private final class Stream: @unchecked Sendable {
        let bytes: ByteStream

        init(_ bytes: ByteStream) {
            self.bytes = bytes
        }

        deinit { Glibc.close(bytes.descriptor) }
    }

    private init(_ stream: Stream) {
        self.stream = stream
    }

    /// Connects, and shakes hands where there is a TLS client.
    ///
    /// - Returns: `nil` where nobody listens, or hands are not shaken.
    public static func open(port: UInt16, tls: TLSClient? = nil) async -> RawConnection? {
        await onThread {
            guard let descriptor = connected(to: port) else { return nil }
            guard let tls else { return RawConnection(Stream(ByteStream(descriptor: descriptor))) }
            guard let bytes = ByteStream(descriptor: descriptor, client: tls) else {
                Glibc.close(descriptor)
                return nil
            }
            return RawConnection(Stream(bytes))
        }
    }

    /// Connects, sends, and reads to the end.
    public static func exchange(
        _ parts: [[UInt8]],
        port: UInt16,
        tls: TLSClient? = nil,
        halfClose: Bool = false
    ) async -> Received {
        guard let connection = await open(port: port, tls: tls) else { return Received(isEnded: true) }
        for part in parts { await connection.send(part) }
        if halfClose { connection.halfClose() }
        return await connection.readToEnd()
    }

    /// Connects, sends text, and reads to the end.
    public static func exchange(
        _ text: String,
        port: UInt16,
        tls: TLSClient? = nil,
        halfClose: Bool = false
    ) async -> Received {
        await exchange([Array(text.utf8)], port: port, tls: tls, halfClose: halfClose)
    }

    /// Sends bytes; false where the other side is gone.
    @discardableResult
    public func send(_ bytes: [UInt8]) async -> Bool {
        await Self.onThread { [stream] in stream.bytes.write(bytes) }
    }

    /// Sends text; false where the other side is gone.
    @discardableResult
    public func send(_ text: String) async -> Bool {
        await send(Array(text.utf8))
    }

    /// Says that nothing more will be sent.
    public func halfClose() {
        shutdown(stream.bytes.descriptor, Int32(SHUT_WR))
    }

    /// Reads until the other side ends the connection, or stays silent.
    public func readToEnd() async -> Received {
        await read { _ in false }
    }

    /// Reads until what has come is enough, or the other side ends the connection, or stays silent.
    public func read(until isEnough: @escaping @Sendable (Received) -> Bool) async -> Received {
        await Self.onThread { [stream] in
            var received = Received()
            while !isEnough(received) {
                guard stream.bytes.hasPending || stream.bytes.waitForRead(milliseconds: Self.patience) else {
                    return received
                }
                let more = stream.bytes.read()
                guard !more.isEmpty else {
                    received.isEnded = true
                    return received
                }
                received.bytes += more
            }
            return received
        }
    }

    /// The certificate of the other side, in PEM.
    public var peerCertificatePEM: String? { stream.bytes.peerCertificatePEM }

    /// `TLSv1.3` or its like.
    public var tlsVersion: String? { stream.bytes.tlsVersion }

    private static func connected(to port: UInt16) -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let code = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else {
            Glibc.close(descriptor)
            return nil
        }
        var on: Int32 = 1
        unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
        return descriptor
    }

    private static func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            let isStarted = ServerThread.start { continuation.resume(returning: body()) }
            // Without a thread there is nothing better than to wait here.
            if !isStarted { continuation.resume(returning: body()) }
        }
    }
}
