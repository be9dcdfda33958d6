/// What identifiers may look like; all lengths are bytes.
public enum Grammar: Sendable, Hashable {
    /// `client_id`: 1 to 255 of visible ASCII and space. Source: RFC 6749 appendix A.1.
    case clientID
    /// The name of an issuer in paths: `[a-z0-9][a-z0-9-]{0,39}`.
    case issuerName
    /// `sub`, `sid`, `session_id`, `user_id`, `user_agent_id`: 1 to 255 without control characters.
    case identifier
    /// `Idempotency-Key`: 1 to 255 of visible ASCII.
    case idempotencyKey
    /// A bearer token that can be an API key: 32 to 255 of visible ASCII.
    case apiKey
    /// The name of a configured certificate or authority, also of its file: `[a-z0-9][a-z0-9_-]{0,63}`.
    case credentialName

    /// Whether a text follows the grammar.
    public func accepts(_ text: String) -> Bool {
        let bytes = text.utf8
        guard length.contains(bytes.count) else { return false }
        switch self {
        case .clientID: return bytes.allSatisfy { (0x20...0x7E).contains($0) }
        case .idempotencyKey, .apiKey: return bytes.allSatisfy { (0x21...0x7E).contains($0) }
        case .issuerName: return bytes.first != UInt8(ascii: "-") && bytes.allSatisfy(Self.isNameByte)
        case .credentialName:
            return bytes.first.map { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "_") } == true
                && bytes.allSatisfy { Self.isNameByte($0) || $0 == UInt8(ascii: "_") }
        case .identifier: return !text.unicodeScalars.contains(where: Self.isControl)
        }
    }

    /// How long a text may be, in bytes.
    private var length: ClosedRange<Int> {
        switch self {
        case .clientID, .identifier, .idempotencyKey: 1...255
        case .issuerName: 1...40
        case .apiKey: 32...255
        case .credentialName: 1...64
        }
    }

    /// The grammar as one sentence, for whoever sent the text.
    public var rule: String {
        switch self {
        case .clientID: "A client_id is 1 to 255 visible ASCII characters or spaces."
        case .issuerName:
            "An issuer's name is 1 to 40 lower-case letters, digits and hyphens, with no hyphen in front."
        case .identifier: "An identifier is 1 to 255 bytes of UTF-8 without control characters."
        case .idempotencyKey: "An idempotency key is 1 to 255 visible ASCII characters."
        case .apiKey: "An API key is 32 to 255 visible ASCII characters."
        case .credentialName:
            "The name is 1 to 64 lower-case letters, digits, hyphens and underscores, beginning with a letter or digit."
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    /// C0, DEL and C1.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    }
}
