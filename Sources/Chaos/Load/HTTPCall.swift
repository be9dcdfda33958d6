internal import Benchmarks
internal import Glibc
package import StrictJSON

/// One HTTP call to a process on loopback, over a connection of its own, with a deadline over all of it.
package enum HTTPCall {
    /// A complete answer.
    package struct Answer: Sendable {
        /// The HTTP status.
        package let status: Int
        /// The body as it came.
        package let bytes: [UInt8]

        /// The body as JSON; `null` where it is none.
        package var json: JSON { (try? JSON.parse(bytes, maximumBytes: .max, maximumValues: .max)) ?? .null }
        /// The body as text.
        package var text: String { String(decoding: bytes, as: UTF8.self) }
    }

    /// Sends a call and reads the answer to its end.
    ///
    /// - Parameters:
    ///   - method: the method.
    ///   - path: path and query, as they are to be sent.
    ///   - port: of 127.0.0.1.
    ///   - headers: header lines beyond the usual ones.
    ///   - body: a JSON text.
    ///   - timeout: over connecting, sending and reading.
    /// - Returns: the answer, whatever its status.
    /// - Throws: ``ChaosError`` where there is no complete one; what became of the call is unknown then.
    package static func send(
        _ method: String,
        _ path: String,
        port: UInt16,
        headers: [String] = [],
        body: String? = nil,
        timeout: Duration = .seconds(10)
    ) throws -> Answer {
        let deadline = ContinuousClock.now + timeout
        var head = ["\(method) \(path) HTTP/1.1", "Host: 127.0.0.1:\(port)", "Connection: close"] + headers
        if let body { head += ["Content-Type: application/json", "Content-Length: \(body.utf8.count)"] }
        let request = Array((head.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")).utf8)
        let descriptor = try connect(port)
        defer { close(descriptor) }
        var sent = 0
        while sent < request.count {
            try wait(descriptor, Int16(POLLOUT), deadline)
            let count = unsafe request.withUnsafeBytes { bytes in
                unsafe Glibc.send(
                    descriptor,
                    bytes.baseAddress?.advanced(by: sent),
                    bytes.count - sent,
                    Int32(MSG_NOSIGNAL)
                )
            }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else { throw ChaosError("\(method) \(path): not sent, errno \(errno)") }
            sent += count
        }
        var received: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            try wait(descriptor, Int16(POLLIN), deadline)
            let count = unsafe read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count >= 0 else { throw ChaosError("\(method) \(path): not answered, errno \(errno)") }
            if count == 0 { break }
            received += chunk.prefix(count)
            if isComplete(received) { break }
        }
        guard let answer = parse(received) else { throw ChaosError("\(method) \(path): no complete answer") }
        return answer
    }

    private static func connect(_ port: UInt16) throws(ChaosError) -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_INET, kind, 0)
        guard descriptor >= 0 else { throw ChaosError("socket: errno \(errno)") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(descriptor, $0, length)
            }
        }
        guard code == 0 || errno == EINPROGRESS else {
            let reason = errno
            close(descriptor)
            throw ChaosError("port \(port): errno \(reason)")
        }
        return descriptor
    }

    private static func wait(
        _ descriptor: Int32,
        _ events: Int16,
        _ deadline: ContinuousClock.Instant
    ) throws(ChaosError) {
        while true {
            let left = (deadline - ContinuousClock.now) / .milliseconds(1)
            guard left > 0 else { throw ChaosError("no answer in time") }
            var entry = pollfd(fd: descriptor, events: events, revents: 0)
            let ready = unsafe poll(&entry, 1, Int32(clamping: Int(left) + 1))
            if ready > 0 { return }
            guard ready == 0 || errno == EINTR else { throw ChaosError("poll: errno \(errno)") }
        }
    }

    /// Whether the body has as many bytes as its head says; `false` where it ends with the connection.
    private static func isComplete(_ bytes: [UInt8]) -> Bool {
        guard let end = bytes.firstIndex(ofSequence: "\r\n\r\n") else { return false }
        let head = String(decoding: bytes[..<end], as: UTF8.self).lowercased()
        guard let line = head.split(separator: "\r\n").first(where: { $0.hasPrefix("content-length:") }),
            let length = Int(line.dropFirst(15).trimmingSpaces)
        else { return false }
        return bytes.count - end - 4 >= length
    }

    /// `nil` where the head or the body is cut.
    private static func parse(_ bytes: [UInt8]) -> Answer? {
        guard let end = bytes.firstIndex(ofSequence: "\r\n\r\n") else { return nil }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count >= 2, let status = Int(words[1]) else { return nil }
        let body = Array(bytes[(end + 4)...])
        for line in lines where line.lowercased().hasPrefix("content-length:") {
            guard let length = Int(line.split(separator: ":")[1].trimmingSpaces), body.count >= length else {
                return nil
            }
        }
        return Answer(status: status, bytes: body)
    }
}

extension Substring {
    fileprivate var trimmingSpaces: Substring {
        var rest = drop { $0 == " " }
        while rest.last == " " { rest.removeLast() }
        return rest
    }
}

extension [UInt8] {
    /// Where these bytes begin; `nil` where they are not in it.
    func firstIndex(ofSequence text: StaticString) -> Int? {
        let wanted = Array("\(text)".utf8)
        guard count >= wanted.count else { return nil }
        return (0...(count - wanted.count)).first { self[$0..<($0 + wanted.count)].elementsEqual(wanted) }
    }
}
