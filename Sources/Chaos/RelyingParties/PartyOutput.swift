/// An answer on its way out, byte by byte or as fast as it is read.
struct PartyOutput {
    /// What follows once all of it is out.
    enum Ending {
        /// The next request.
        case keep
        /// A reset.
        case reset
        /// The same bytes again, for ever.
        case again([UInt8])
    }

    /// The POST that is answered.
    let post: Int
    /// What it is answered, once the head is whole; `nil` where it never is.
    let status: Int?
    /// How long each byte takes; 0 sends all at once.
    let nanosecondsPerByte: UInt64
    let ending: Ending
    private(set) var bytes: [UInt8]
    private(set) var sent = 0
    private var isHeadOut = false

    /// What is still to be sent now.
    var rest: Range<Int> {
        sent..<(nanosecondsPerByte > 0 ? min(sent + 1, bytes.count) : bytes.count)
    }

    /// Takes note of bytes that went out.
    ///
    /// - Returns: the status, where its head is whole by now and was not before.
    mutating func moved(_ count: Int) -> Int? {
        sent += count
        guard sent == bytes.count else { return nil }
        defer { isHeadOut = true }
        if case .again(let more) = ending { (bytes, sent) = (more, 0) }
        return isHeadOut ? nil : status
    }
}

extension PartyOutput {
    private static let filler = 16_384

    /// How a POST is answered; `nil` where nothing is written.
    init?(to post: Int, _ behaviour: PartyBehaviour) {
        self.post = post
        var (status, pace, ending) = (Int?(200), UInt64(0), Ending.keep)
        var head = Self.head(200, [])
        switch behaviour {
        case .ok, .slow: break
        case .status(let said, let headers): (status, head) = (said, Self.head(said, headers))
        case .drip(let bytesPerSecond): pace = 1_000_000_000 / UInt64(max(1, bytesPerSecond))
        case .resetAfterAnswer: ending = .reset
        case .resetMidAnswer: (status, head, ending) = (nil, "HTTP/1.1 200 OK\r\nContent-Le", .reset)
        case .endlessBody:
            head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            let chunk =
                "\(String(Self.filler, radix: 16))\r\n\(String(repeating: "a", count: Self.filler))\r\n"
            ending = .again(Array(chunk.utf8))
        case .hugeHeaders:
            (status, head) = (nil, "HTTP/1.1 200 OK\r\n")
            let line = "X-Padding: \(String(repeating: "a", count: 1_000))\r\n"
            ending = .again(Array(String(repeating: line, count: 16).utf8))
        case .hang, .closedPort, .dropSYN, .stallTLS, .resetOnAccept, .resetDuringRequest, .resetAfterRequest,
            .answerLost:
            return nil
        }
        (self.status, self.ending) = (status, ending)
        (nanosecondsPerByte, bytes) = (pace, Array(head.utf8))
    }

    private static func head(_ status: Int, _ headers: [String]) -> String {
        // No content and no length belong together. Source: RFC 9110 §8.6.
        let length = status == 204 ? "" : "Content-Length: 0\r\n"
        let others = headers.map { "\($0)\r\n" }.joined()
        return "HTTP/1.1 \(status) \(status == 200 ? "OK" : "Said")\r\n\(length)\(others)\r\n"
    }
}
