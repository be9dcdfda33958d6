/// Which rule a `backchannel_logout_uri` breaks; offsets count bytes from 0.
public enum LogoutURIError: Error, Sendable, Hashable {
    /// A URI is at most 2,048 bytes; this one has more.
    case tooLong(bytes: Int)
    /// A URI is ASCII: names of other scripts are written as A-labels, other characters percent-encoded.
    case notASCII(offset: Int)
    /// Control characters, space, backslash and ``<>"{}|^` `` have no place in a URI.
    case forbiddenCharacter(UInt8, offset: Int)
    /// A percent sign is followed by two hexadecimal digits.
    case badPercentEncoding(offset: Int)
    /// A URI begins with its scheme and `://`.
    case notAbsolute
    /// The scheme is `http` or `https`, in any case.
    case unsupportedScheme
    /// A URI has no user name and no password.
    case userinfo
    /// A URI has no fragment, not even an empty one (OpenID Connect Back-Channel Logout 1.0 §2.2).
    case fragment
    /// A URI names a host.
    case emptyHost
    /// A host name is at most 253 bytes; this one has more.
    case hostTooLong(bytes: Int)
    /// A host is written without percent-encoding.
    case percentInHost
    /// A host name does not end in a dot.
    case trailingDot
    /// A label is 1 to 63 letters, digits, hyphens and underscores, with no hyphen at either end.
    case badLabel(String)
    /// A host whose last label is a number is four decimal numbers of 0 to 255 without leading zeros.
    case badIPv4
    /// A host in brackets is an IPv6 address without a zone.
    case badIPv6
    /// A port is 1 to 65535, in digits without leading zeros.
    case badPort

    /// The rule as one sentence, for whoever registers the URI.
    public var rule: String {
        switch self {
        case .tooLong: "The URI must be at most 2048 bytes long."
        case .notASCII: "The URI must be ASCII; write host names as A-labels and percent-encode the rest."
        case .forbiddenCharacter(let byte, let offset):
            "The URI must not contain byte 0x\(String(byte, radix: 16)), found at offset \(offset)."
        case .badPercentEncoding(let offset):
            "The percent sign at offset \(offset) must be followed by two hexadecimal digits."
        case .notAbsolute: "The URI must be absolute and begin with its scheme and \"://\"."
        case .unsupportedScheme: "The scheme must be https."
        case .userinfo: "The URI must not contain a user name or password."
        case .fragment: "The URI must not have a fragment."
        case .emptyHost: "The URI must name a host."
        case .hostTooLong: "The host must be at most 253 bytes long."
        case .percentInHost: "The host must not be percent-encoded."
        case .trailingDot: "The host must not end in a dot."
        case .badLabel:
            """
            Each label of the host must be 1 to 63 letters, digits, hyphens or underscores, \
            with no hyphen at either end.
            """
        case .badIPv4:
            """
            A host that ends in a number must be an IPv4 address: \
            four decimal numbers without leading zeros.
            """
        case .badIPv6: "A host in brackets must be an IPv6 address without a zone."
        case .badPort: "The port must be 1 to 65535, without leading zeros."
        }
    }
}
