/// A path whose segments in braces stand for any segment: `/v1/issuers/{issuer}/clients/{client_id}`.
package struct PathTemplate: Sendable, Hashable {
    package let text: String
    package let segments: [Segment]

    package enum Segment: Sendable, Hashable {
        case fixed(String)
        case parameter(String)
    }

    package init(_ text: String) {
        self.text = text
        segments = text.split(separator: "/").map { part in
            part.hasPrefix("{") ? .parameter(String(part.dropFirst().dropLast())) : .fixed(String(part))
        }
    }

    /// The parameters of a path that fits, still percent-encoded.
    package func match(_ path: [Substring]) -> [String: Substring]? {
        guard path.count == segments.count else { return nil }
        // Most templates differ in a word: nothing is gathered before all of those fit.
        for (segment, part) in zip(segments, path) {
            if case .fixed(let text) = segment, !text.utf8.elementsEqual(part.utf8) { return nil }
        }
        var parameters: [String: Substring] = [:]
        for (segment, part) in zip(segments, path) {
            if case .parameter(let name) = segment { parameters[name] = part }
        }
        return parameters
    }
}

/// Decodes percent-encoding (RFC 3986 section 2.1) to UTF-8; `nil` where either is malformed.
package func percentDecoded(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String? {
    var bytes: [UInt8] = []
    var rest = Substring(text).utf8[...]
    while let byte = rest.popFirst() {
        switch byte {
        case UInt8(ascii: "%"):
            guard let high = rest.popFirst().flatMap(hexValue), let low = rest.popFirst().flatMap(hexValue)
            else {
                return nil
            }
            bytes.append(high << 4 | low)
        case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
        default: bytes.append(byte)
        }
    }
    return String(validating: bytes, as: UTF8.self)
}

private func hexValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
