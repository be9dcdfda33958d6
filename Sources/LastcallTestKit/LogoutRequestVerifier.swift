/// Checks the request that carries a logout token, byte for byte where real RPs are picky.
///
/// Shape: `POST`, a body that is exactly `logout_token=<jwt>`, and no header but the few named below.
///
/// Source: OpenID Connect Back-Channel Logout 1.0 §2.5.
public enum LogoutRequestVerifier {
    /// What is wrong with a request; each check has its own case.
    public enum Defect: Error, Sendable, Hashable {
        /// The method is not `POST`.
        case method(String)
        /// A header that Lastcall never sends, in lower case; cookies, credentials, `expect` and chunks too.
        case headerExtra(String)
        /// A header that must be there is not; in lower case.
        case headerMissing(String)
        /// A header is there more than once; in lower case.
        case headerRepeated(String)
        /// `Content-Type` is not exactly `application/x-www-form-urlencoded`.
        case contentType(String)
        /// `Content-Length` is not the number of bytes in the body.
        case contentLength(String)
        /// `User-Agent` does not begin with `Lastcall/` and a version.
        case userAgent(String)
        /// The body does not begin with `logout_token=`.
        case bodyStart
        /// The byte at this offset of the body is neither base64url nor a dot: another field, an escape.
        case bodyByte(at: Int)
        /// The token has this many dots instead of two, or four where it is encrypted.
        case dots(Int)
    }

    /// Checks one request.
    ///
    /// - Parameters:
    ///   - method: as received.
    ///   - headers: names and values as received, in order.
    ///   - body: all of it.
    ///   - encrypted: whether the token is a JWE; a signed one unless told.
    /// - Returns: the token.
    /// - Throws: the first ``Defect``: method, headers, body.
    public static func token(
        method: String,
        headers: [(name: String, value: String)],
        body: [UInt8],
        encrypted: Bool = false
    ) throws(Defect) -> String {
        guard method == "POST" else { throw .method(method) }
        try check(headers, bodyLength: body.count)
        let start = Array("logout_token=".utf8)
        guard body.starts(with: start) else { throw .bodyStart }
        var dots = 0
        for (offset, byte) in body.enumerated().dropFirst(start.count) {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                continue
            case UInt8(ascii: "."): dots += 1
            default: throw .bodyByte(at: offset)
            }
        }
        guard dots == (encrypted ? 4 : 2) else { throw .dots(dots) }
        return String(decoding: body.dropFirst(start.count), as: UTF8.self)
    }

    private static let required = ["host", "user-agent", "accept", "content-type", "content-length"]

    private static func check(_ headers: [(name: String, value: String)], bodyLength: Int) throws(Defect) {
        var values: [String: String] = [:]
        for header in headers {
            let name = header.name.lowercased()
            guard required.contains(name) || name == "connection" else { throw .headerExtra(name) }
            guard values.updateValue(header.value, forKey: name) == nil else { throw .headerRepeated(name) }
        }
        for name in required where values[name] == nil { throw .headerMissing(name) }
        let type = values["content-type", default: ""]
        guard type == "application/x-www-form-urlencoded" else { throw .contentType(type) }
        let length = values["content-length", default: ""]
        guard length == String(bodyLength) else { throw .contentLength(length) }
        let agent = values["user-agent", default: ""]
        guard agent.hasPrefix("Lastcall/"), agent.utf8.count > 9 else { throw .userAgent(agent) }
    }
}
