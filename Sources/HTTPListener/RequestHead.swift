import NIOHTTP1

/// A head that was parsed, and what of it says how the connection goes on.
///
/// The parser is strict about bytes; this is strict about what they mean together. Whatever two readers could understand
/// differently (RFC 9112 section 11.2) is refused: a proxy in front must never see other requests than Lastcall does.
struct RequestHead: Hashable {
    /// Where absolute-form was sent, the origin-form of the same target (RFC 9112 section 3.2.2); otherwise `nil`.
    private(set) var rewrittenTarget: String?
    /// Whether the answer ends the connection.
    private(set) var endsConnection: Bool
    /// Whether the caller waits for a `100 Continue` before it sends the body.
    private(set) var expectsContinue = false

    /// - Throws: why the request is refused.
    init(_ head: HTTPRequestHead, limits: ListenerLimits) throws(Refusal) {
        let isOld = head.version == .http1_0
        guard isOld || head.version == .http1_1 else { throw .malformed("The version is not HTTP/1.1.") }
        guard head.method != .CONNECT else { throw .malformed("CONNECT is not for this server.") }
        rewrittenTarget = try Self.target(head.uri, limit: limits.targetBytes)
        endsConnection = isOld
        var seen = Fields()
        for (name, value) in head.headers { try take(name.utf8, value.utf8, isOld, &seen) }
        guard isOld || seen.host else { throw .malformed("The Host field is missing.") }
        guard !(seen.length && seen.coding) else {
            throw .malformed("Content-Length and Transfer-Encoding are both there.")
        }
    }

    /// Which of the fields that may be sent once have been seen.
    private struct Fields {
        var host = false
        var length = false
        var coding = false
        var expect = false
    }

    private mutating func take(
        _ name: String.UTF8View,
        _ value: String.UTF8View,
        _ isOld: Bool,
        _ seen: inout Fields
    ) throws(Refusal) {
        guard value.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
            throw .malformed("A header field holds a control character.")
        }
        // The parser leaves the blanks behind a value in place.
        let value = value.trimmed()
        // By length first: most fields are none of these.
        switch name.count {
        case 4 where same(name, "host"):
            guard !seen.host else { throw .malformed("The Host field is there twice.") }
            guard value.allSatisfy(Self.isHostByte) else { throw .malformed("The Host field is no host.") }
            seen.host = true
        case 14 where same(name, "content-length"):
            guard !seen.length else { throw .malformed("Content-Length is there twice.") }
            guard (1...18).contains(value.count), value.allSatisfy({ (0x30...0x39).contains($0) }) else {
                throw .malformed("Content-Length is no number of bytes.")
            }
            seen.length = true
        case 17 where same(name, "transfer-encoding"):
            guard !seen.coding, !isOld, same(value, "chunked") else {
                throw .malformed("The only Transfer-Encoding that is known is chunked, once.")
            }
            seen.coding = true
        case 10 where same(name, "connection"):
            if value.split(separator: UInt8(ascii: ",")).contains(where: Self.isClose) {
                endsConnection = true
            }
        // The parser stops reading behind an upgrade, and none is offered.
        case 7 where same(name, "upgrade"): endsConnection = true
        case 6 where same(name, "expect"):
            guard !seen.expect, same(value, "100-continue") else { throw .unknownExpectation }
            seen.expect = true
            expectsContinue = !isOld
        default: break
        }
    }

    /// - Returns: the target to go on with, where it is not the one that was sent.
    private static func target(_ text: String, limit: Int) throws(Refusal) -> String? {
        let bytes = text.utf8
        guard bytes.count <= limit else { throw .targetTooLong(limit) }
        guard bytes.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }) else {
            throw .malformed("The request target holds a byte that is not allowed.")
        }
        if bytes.first == UInt8(ascii: "/") { return nil }
        for scheme in ["http://", "https://"] where same(bytes.prefix(scheme.utf8.count), scheme) {
            let rest = bytes.dropFirst(scheme.utf8.count)
            let authority = rest.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
            guard !authority.isEmpty, authority.allSatisfy(isHostByte) else { break }
            let path = rest[authority.endIndex...]
            return (path.first == UInt8(ascii: "/") ? "" : "/") + String(Substring(path))
        }
        throw .malformed("The request target must be a path.")
    }

    private static func isClose(_ word: Substring.UTF8View) -> Bool {
        same(word.filter { $0 != 0x20 && $0 != 0x09 }, "close")
    }

    /// What can stand in a host and a port (RFC 3986 section 3.2), without what separates lists or names users.
    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "%"),
            UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"):
            true
        default: false
        }
    }
}

extension String.UTF8View {
    /// Without the blanks at its end.
    fileprivate func trimmed() -> SubSequence {
        guard let last = lastIndex(where: { $0 != 0x20 && $0 != 0x09 }) else { return prefix(0) }
        return self[...last]
    }
}

/// Whether ASCII bytes are these, which are given in lower case, whatever the case of their letters.
private func same(_ bytes: some Sequence<UInt8>, _ word: String) -> Bool {
    bytes.lazy.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }.elementsEqual(word.utf8)
}
