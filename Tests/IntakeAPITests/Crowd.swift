import Foundation
import Glibc

/// Many callers at once, on one thread: each sends its request over a connection of its own and reads to its end.
final class Crowd: Sendable {
    private let descriptors: [Int32]

    /// Connects so many callers, and sends a request from each.
    ///
    /// - Throws: ``Answer/Unexpected`` where one cannot connect.
    init(_ requests: [String], to port: Int) throws {
        descriptors = try requests.map { request in
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = UInt16(port).bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let connected = unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    unsafe connect(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            let bytes = Array(request.utf8)
            guard connected == 0, unsafe write(descriptor, bytes, bytes.count) == bytes.count else {
                throw Answer.Unexpected(description: "no connection: errno \(errno)")
            }
            return descriptor
        }
    }

    /// Every caller's answer, once all have been closed by the server.
    func answers() async -> [String] {
        await withCheckedContinuation { continuation in
            // Blocking calls stay off Swift's shared threads.
            Thread.detachNewThread {
                let answers = self.descriptors.map(Self.readAll)
                continuation.resume(returning: answers)
            }
        }
    }

    /// Hangs up, all at once.
    func hangUp() {
        for descriptor in descriptors { close(descriptor) }
    }

    /// Reads to the end; the others' answers wait in their sockets meanwhile.
    private static func readAll(_ descriptor: Int32) -> String {
        defer { close(descriptor) }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return String(decoding: answer, as: UTF8.self) }
            answer += buffer.prefix(count)
        }
    }
}
