/// Where a key is in an HSM, as an issuer's administrator may name it.
///
/// Only the path attributes that find an object: no query, for which module is loaded and where its PIN comes from is
/// the operator's to say, never a caller's of the API.
///
/// Source: RFC 7512 §2.3.
public struct PKCS11URI: Sendable, Hashable {
    /// The longest URI, in bytes.
    public static let maximumBytes = 1_024

    /// The URI with `type=private`, as it was given otherwise.
    public let text: String

    private static let scheme = "pkcs11:"
    private static let attributes: Set<String> = [
        "token", "manufacturer", "serial", "model", "slot-id", "slot-manufacturer", "slot-description",
        "object",
        "id", "type", "library-manufacturer", "library-version", "library-description",
    ]

    /// Reads a URI; `nil` unless every attribute is a known one, is there once and is encoded well, one of `object`
    /// and `id` is among them, and `type`, if any, is `private`.
    public init?(_ text: String) {
        guard text.utf8.count <= Self.maximumBytes, text.utf8.starts(with: Self.scheme.utf8) else {
            return nil
        }
        var seen: Set<String> = []
        for attribute in text.dropFirst(Self.scheme.count).split(
            separator: ";",
            omittingEmptySubsequences: false
        ) {
            let parts = attribute.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[1].isEmpty, Self.attributes.contains(String(parts[0])),
                seen.insert(String(parts[0])).inserted, Self.isEncoded(parts[1].utf8)
            else { return nil }
            if parts[0] == "type", parts[1] != "private" { return nil }
        }
        guard seen.contains("object") || seen.contains("id") else { return nil }
        let whole = seen.contains("type") ? text : text + ";type=private"
        guard whole.utf8.count <= Self.maximumBytes else { return nil }
        self.text = whole
    }

    /// Whether a value has only what RFC 7512 lets stand unencoded, and escapes of two digits.
    private static func isEncoded(_ value: Substring.UTF8View) -> Bool {
        var rest = Array(value)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                guard rest.count >= 2, rest.prefix(2).allSatisfy(\.isHexDigit) else { return false }
                rest = rest.dropFirst(2)
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                break
            default:
                guard "-._~:[]@!$'()*+,=&".utf8.contains(byte) else { return false }
            }
        }
        return true
    }
}

extension UInt8 {
    fileprivate var isHexDigit: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
        default: false
        }
    }
}
