/// Takes requests out of what a client writes; bounded, since a test's client may be wrong.
struct RequestReader {
    /// The parts of a request that are in its bytes.
    struct Parts {
        var method = ""
        var target = ""
        var headers: [ReceivedRequest.Header] = []
        var head: [UInt8] = []
        var body: [UInt8] = []
    }

    private var buffer: [UInt8] = []
    private static let limit = 1 << 20

    /// The next request, reading more where needed; `nil` where the client is done or makes no sense.
    mutating func next(from stream: ByteStream) -> Parts? {
        guard let headEnd = end(of: [13, 10, 13, 10], from: stream) else { return nil }
        var parts = Parts()
        parts.head = Array(buffer[..<headEnd])
        buffer.removeFirst(headEnd)
        guard Self.parse(&parts) else { return nil }

        if let text = parts.headers.first(where: { $0.name.lowercased() == "content-length" })?.value {
            guard let count = Int(text), (0...Self.limit).contains(count) else { return nil }
            while buffer.count < count {
                guard fill(from: stream) else { return nil }
            }
            parts.body = Array(buffer[..<count])
            buffer.removeFirst(count)
        } else if parts.headers.contains(where: { $0.name.lowercased() == "transfer-encoding" }) {
            guard let end = end(of: Array("\r\n0\r\n\r\n".utf8), from: stream) else { return nil }
            parts.body = Array(buffer[..<end])
            buffer.removeFirst(end)
        }
        return parts
    }

    private mutating func end(of mark: [UInt8], from stream: ByteStream) -> Int? {
        var from = 0
        while true {
            while from + mark.count <= buffer.count {
                if buffer[from..<(from + mark.count)].elementsEqual(mark) { return from + mark.count }
                from += 1
            }
            guard fill(from: stream) else { return nil }
        }
    }

    private mutating func fill(from stream: ByteStream) -> Bool {
        guard buffer.count <= Self.limit else { return false }
        let more = stream.read()
        buffer += more
        return !more.isEmpty
    }

    private static func parse(_ parts: inout Parts) -> Bool {
        let text = String(decoding: parts.head, as: UTF8.self)
        var lines = text.split(separator: "\r\n", omittingEmptySubsequences: true)[...]
        guard let first = lines.popFirst() else { return false }
        let words = first.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3 else { return false }
        parts.method = String(words[0])
        parts.target = String(words[1])
        for line in lines {
            guard let colon = line.firstIndex(of: ":") else { return false }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            parts.headers.append(
                ReceivedRequest.Header(name: String(line[..<colon]), value: String(value))
            )
        }
        return true
    }
}
