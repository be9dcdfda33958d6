import Foundation
import Glibc

/// Sends bytes to a loopback port as they are, and reads until the server closes.
enum RawExchange {
    /// - Returns: everything the server sent; what it had sent by then where it stayed silent for ten seconds.
    static func send(_ parts: [[UInt8]], to port: Int) async -> String {
        await withCheckedContinuation { continuation in
            // Blocking calls stay off Swift's shared threads.
            Thread.detachNewThread { continuation.resume(returning: exchange(parts, port)) }
        }
    }

    /// Sends text.
    static func send(_ text: String, to port: Int) async -> String {
        await send([Array(text.utf8)], to: port)
    }

    /// Sends bytes and goes away without waiting for an answer.
    static func abandon(_ parts: [[UInt8]], to port: Int) async {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                let descriptor = connected(to: port)
                if descriptor >= 0 {
                    send(parts, through: descriptor)
                    close(descriptor)
                }
                continuation.resume()
            }
        }
    }

    private static func exchange(_ parts: [[UInt8]], _ port: Int) -> String {
        let descriptor = connected(to: port)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        send(parts, through: descriptor)
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            answer += buffer.prefix(count)
        }
        return String(decoding: answer, as: UTF8.self)
    }

    /// A socket that gives up reading after ten seconds; negative where nobody listens.
    private static func connected(to port: Int) -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe connect(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else {
            close(descriptor)
            return -1
        }
        return descriptor
    }

    private static func send(_ parts: [[UInt8]], through descriptor: Int32) {
        for part in parts {
            var sent = 0
            while sent < part.count {
                let count = unsafe part[sent...].withUnsafeBytes { bytes in
                    unsafe Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { break }
                sent += count
            }
        }
    }
}
