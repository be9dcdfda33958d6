import NIOHTTP1
import StrictJSON

/// Why a request is refused before anybody else sees it.
///
/// The answer is the same kind of problem document (RFC 9457) as the API's, and the connection ends behind it: after a
/// head that cannot be trusted, nobody knows where the next one begins.
enum Refusal: Error, Hashable {
    /// The bytes are no HTTP/1 request, or could be read as more than one.
    case malformed(String)
    /// The request target is too long; its limit in bytes.
    case targetTooLong(Int)
    /// The head is too long, or has too many fields.
    case headTooLarge
    /// The head did not come in time.
    case headTooSlow
    /// An expectation that is not known (RFC 9110 section 10.1.1).
    case unknownExpectation

    /// What is said to the caller.
    var detail: String {
        switch self {
        case .malformed(let detail): detail
        case .targetTooLong(let limit): "The request target is longer than \(limit) bytes."
        case .headTooLarge: "The request's header section is too long, or has too many fields."
        case .headTooSlow: "The request's header section did not come in time."
        case .unknownExpectation: "The only expectation that is known is 100-continue."
        }
    }

    /// The status, and the code that callers branch on.
    var status: (status: HTTPResponseStatus, code: String) {
        switch self {
        case .malformed: (.badRequest, "invalid_request")
        case .targetTooLong: (.uriTooLong, "too_large")
        case .headTooLarge: (.requestHeaderFieldsTooLarge, "too_large")
        case .headTooSlow: (.requestTimeout, "request_timeout")
        case .unknownExpectation: (.expectationFailed, "invalid_request")
        }
    }

    /// Why the parser gave up.
    init(_ error: HTTPParserError) {
        switch error {
        case .headerOverflow: self = .headTooLarge
        case .invalidEOFState, .closedConnection: self = .malformed("The request ends before it is complete.")
        default: self = .malformed("The request is not HTTP/1.1.")
        }
    }

    private var title: String {
        switch self {
        case .malformed, .unknownExpectation: "Invalid request"
        case .targetTooLong, .headTooLarge: "Too large"
        case .headTooSlow: "Request timeout"
        }
    }

    /// The problem document.
    var body: [UInt8] {
        let (status, code) = status
        var writer = JSONWriter(reservingCapacity: 256)
        writer.object { writer in
            writer.member("type", "urn:lastcall:problem:\(code)")
            writer.member("title", title)
            writer.member("status", status.code)
            writer.member("detail", detail)
            writer.member("code", code)
        }
        return writer.bytes
    }

    /// The head of the answer; the connection ends behind it.
    func head(_ version: HTTPVersion, length: Int) -> HTTPResponseHead {
        let fields = HTTPHeaders([
            ("Content-Type", "application/problem+json"), ("Content-Length", "\(length)"),
            ("Connection", "close"),
        ])
        return HTTPResponseHead(version: version, status: status.status, headers: fields)
    }
}
