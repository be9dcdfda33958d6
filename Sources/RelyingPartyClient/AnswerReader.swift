/// Reads an answer as it comes in, and says when to stop: a value, fed by libcurl's callbacks.
struct AnswerReader {
    private let headerLimit: Int
    private let bodyLimit: Int
    /// Whether the body is what the request is for.
    private let keepsBody: Bool
    private var headerBytes = 0
    private var bodyBytes = 0
    private var isJSON = false

    /// The final status, once its status line has come.
    private(set) var status: Int?
    /// Whether all headers of the final answer have come.
    private(set) var isComplete = false
    /// Whether the headers were over their cap.
    private(set) var isOverHeaderLimit = false
    private(set) var retryAfter: String?
    /// The start of a body that may explain a 400.
    private(set) var explanation: [UInt8] = []
    /// The body, where it is kept.
    private(set) var content: [UInt8] = []
    private(set) var cacheControl: String?

    /// How much of a body is looked at for `error` and `error_description`.
    private static let explanationLimit = 8_192
    private static let retryAfterLimit = 128
    private static let cacheControlLimit = 256

    init(headerLimit: Int, bodyLimit: Int, keepsBody: Bool = false) {
        self.headerLimit = headerLimit
        self.bodyLimit = bodyLimit
        self.keepsBody = keepsBody
    }

    /// Takes one line of a header, with its line end. Returns whether to go on.
    mutating func header(_ line: UnsafeRawBufferPointer) -> Bool {
        headerBytes += line.count
        guard headerBytes <= headerLimit else {
            isOverHeaderLimit = true
            return false
        }
        guard !isComplete else { return true }  // a trailer

        if unsafe line.starts(with: "HTTP/".utf8) {
            unsafe startAnswer(line)
        } else if line.count <= 2, status != nil {
            isComplete = true
        } else if let value = unsafe value(of: "retry-after", in: line) {
            retryAfter = boundedText(value.prefix(Self.retryAfterLimit), maximumBytes: Self.retryAfterLimit)
        } else if let value = unsafe value(of: "content-type", in: line) {
            isJSON = Self.namesJSON(value)
        } else if keepsBody, let value = unsafe value(of: "cache-control", in: line) {
            let bytes = value.prefix(Self.cacheControlLimit)
            cacheControl = boundedText(bytes, maximumBytes: Self.cacheControlLimit)
        }
        return true
    }

    /// Takes some of the body. Returns whether to go on.
    mutating func body(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bodyBytes += bytes.count
        if keepsBody {
            unsafe content.append(contentsOf: bytes.prefix(max(0, bodyLimit - content.count)))
        } else if status == 400, isJSON {
            unsafe explanation.append(contentsOf: bytes.prefix(Self.explanationLimit - explanation.count))
        }
        return bodyBytes <= bodyLimit
    }

    /// A status line: an interim answer (1xx) only announces that another one follows.
    private mutating func startAnswer(_ line: UnsafeRawBufferPointer) {
        status = nil
        retryAfter = nil
        cacheControl = nil
        isJSON = false
        guard let space = unsafe line.firstIndex(of: UInt8(ascii: " ")) else { return }
        let digits = unsafe line[(space + 1)...].prefix(3)
        let code = unsafe Int(String(decoding: digits, as: UTF8.self)) ?? 0
        if (200...999).contains(code) { status = code }
    }

    /// The value of a header without the spaces around it; `nil` where the line is another header.
    private func value(of name: StaticString, in line: UnsafeRawBufferPointer) -> [UInt8]? {
        let length = name.utf8CodeUnitCount
        guard line.count > length, unsafe line[length] == UInt8(ascii: ":") else { return nil }
        for index in 0..<length where unsafe line[index] | 0x20 != name.utf8Start[index] { return nil }
        let isSpace = { (byte: UInt8) in byte <= 0x20 }
        let start = unsafe line[(length + 1)...].drop(while: isSpace)
        guard let end = unsafe start.lastIndex(where: { !isSpace($0) }) else { return [] }
        return unsafe Array(start[...end])
    }

    /// `application/json` and every `+json`, with or without parameters. Source: RFC 6839 §3.1.
    private static func namesJSON(_ value: [UInt8]) -> Bool {
        let type = String(decoding: value.prefix { $0 != UInt8(ascii: ";") && $0 > 0x20 }, as: UTF8.self)
        let lowered = type.lowercased()
        return lowered == "application/json" || lowered.hasSuffix("+json")
    }
}
