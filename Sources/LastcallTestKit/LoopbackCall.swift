import Glibc

/// One HTTP call to a process on loopback, over a connection of its own.
public enum LoopbackCall {
    /// Sends a call and reads the answer to its end.
    ///
    /// - Parameters:
    ///   - method: the method.
    ///   - path: path and query as they are to be sent.
    ///   - port: of `127.0.0.1`.
    ///   - key: an API key.
    ///   - headers: lines to send besides.
    ///   - body: a JSON text.
    /// - Returns: the status, and everything behind the headers.
    /// - Throws: ``TestKitError`` where there is no HTTP answer.
    public static func send(
        _ method: String,
        _ path: String,
        port: UInt16,
        key: String? = nil,
        headers: [String] = [],
        body: String? = nil
    ) async throws -> (status: Int, body: String) {
        let text = await whole(method, path, port: port, key: key, headers: headers, body: body)
        let words = text.prefix { $0 != "\r\n" }.split(separator: " ")
        guard words.count >= 2, let status = Int(words[1]), let end = text.range(ofText: "\r\n\r\n") else {
            throw TestKitError("no HTTP answer from port \(port)")
        }
        return (status, String(text[end...]))
    }

    /// Sends a call and reads all that is answered: the status line, the headers and the body, as they came.
    ///
    /// - Parameters:
    ///   - method: the method.
    ///   - path: path and query as they are to be sent.
    ///   - port: of `127.0.0.1`.
    ///   - key: an API key.
    ///   - headers: lines to send besides.
    ///   - body: a JSON text.
    /// - Returns: what came, until the connection was closed; nothing where there was none.
    public static func whole(
        _ method: String,
        _ path: String,
        port: UInt16,
        key: String? = nil,
        headers: [String] = [],
        body: String? = nil
    ) async -> String {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        if let key { head += "Authorization: Bearer \(key)\r\n" }
        for line in headers { head += line + "\r\n" }
        if let body { head += "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n" }
        let request = Array((head + "\r\n" + (body ?? "")).utf8)
        return String(decoding: await bytes(request, port: port), as: UTF8.self)
    }

    /// Sends bytes and reads all that is answered, until the connection is closed.
    ///
    /// `isWhole`: asked of what has come, where a server closes no connection.
    static func bytes(
        _ request: [UInt8],
        port: UInt16,
        isWhole: @escaping @Sendable ([UInt8]) -> Bool = { _ in false }
    ) async -> [UInt8] {
        await withCheckedContinuation { continuation in
            let isStarted = ServerThread.start {
                continuation.resume(returning: exchange(request, port, isWhole))
            }
            if !isStarted { continuation.resume(returning: []) }
        }
    }

    private static func exchange(
        _ request: [UInt8],
        _ port: UInt16,
        _ isWhole: ([UInt8]) -> Bool
    ) -> [UInt8] {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        closeOnExec(descriptor)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, length)
            }
        }
        guard code == 0, unsafe write(descriptor, request, request.count) == request.count else { return [] }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return answer }
            answer += buffer.prefix(count)
            if isWhole(answer) { return answer }
        }
    }
}

extension String {
    /// Where the text behind this one begins.
    fileprivate func range(ofText needle: String) -> String.Index? {
        let bytes = Array(utf8)
        let wanted = Array(needle.utf8)
        guard bytes.count >= wanted.count else { return nil }
        for start in 0...(bytes.count - wanted.count)
        where bytes[start..<(start + wanted.count)].elementsEqual(wanted) {
            return utf8.index(startIndex, offsetBy: start + wanted.count)
        }
        return nil
    }
}
