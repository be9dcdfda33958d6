/// One HTTP call as a browser makes it, with header fields of the test's choice: to a process on loopback, over a connection of its own.
public struct PageCall: Sendable {
    /// The status code of the answer.
    public let status: Int
    /// Its header fields, names in lower case.
    public let headers: [(name: String, value: String)]
    /// Its body.
    public let body: String

    /// Sends a call and reads the answer to its end.
    ///
    /// - Parameters:
    ///   - method: the method.
    ///   - path: path and query as they are to be sent.
    ///   - port: of `127.0.0.1`.
    ///   - headers: fields beside `Host`, `Connection` and `Content-Length`.
    ///   - body: the body; none unless told.
    /// - Returns: the answer.
    /// - Throws: ``TestKitError`` where there is no HTTP answer.
    public static func send(
        _ method: String,
        _ path: String,
        port: UInt16,
        headers: [(String, String)] = [],
        body: String? = nil
    ) async throws -> PageCall {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if let body { head += "Content-Length: \(body.utf8.count)\r\n" }
        let request = Array((head + "\r\n" + (body ?? "")).utf8)
        let answer = await LoopbackCall.bytes(request, port: port, isWhole: isWhole)
        guard let end = answer.firstRange(of: Array("\r\n\r\n".utf8)) else {
            throw TestKitError("no HTTP answer from port \(port)")
        }
        let lines = String(decoding: answer[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw TestKitError("no HTTP status from port \(port)")
        }
        let fields = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return (parts[0].lowercased(), parts.count > 1 ? String(parts[1].drop { $0 == " " }) : "")
        }
        return PageCall(
            status: status,
            headers: fields,
            body: String(decoding: answer[end.upperBound...], as: UTF8.self)
        )
    }

    /// Whether an answer has come as far as its length says; chromedriver closes no connection.
    private static func isWhole(_ answer: [UInt8]) -> Bool {
        guard let end = answer.firstRange(of: Array("\r\n\r\n".utf8)) else { return false }
        let head = String(decoding: answer[..<end.lowerBound], as: UTF8.self).lowercased()
        guard let length = head.firstMatch(of: /\r\ncontent-length: *([0-9]+)/).flatMap({ Int($0.1) }) else {
            return false
        }
        return answer.count - end.upperBound >= length
    }

    /// The values of a header field.
    public func values(of name: String) -> [String] { headers.filter { $0.name == name }.map(\.value) }

    /// A header field that is there once.
    public func value(of name: String) -> String? {
        let values = values(of: name)
        return values.count == 1 ? values[0] : nil
    }
}
