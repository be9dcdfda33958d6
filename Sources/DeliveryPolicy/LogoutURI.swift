/// A `backchannel_logout_uri` that has exactly one reading, kept byte for byte.
///
/// URI parsers disagree: Foundation takes `127.1` for a name where libcurl dials 127.0.0.1. What this parser
/// lets through every reader of RFC 3986 and of the WHATWG URL standard reads alike; the rest is refused.
/// Sources: RFC 3986 §3, OpenID Connect Back-Channel Logout 1.0 §2.2.
///
/// Two choices where the sources leave one: an underscore may stand in a host name (RFC 1123 §2.1 has none,
/// but names inside container networks do), and brackets may stand in path and query (RFC 3986 has them
/// encoded, but deployed RPs have them raw).
public struct LogoutURI: Sendable, Hashable {
    /// Where a URI points.
    public enum Host: Sendable, Hashable {
        /// A name, in lower case.
        case name(String)
        /// A literal address.
        case address(IPAddress)
    }

    /// The URI, exactly as it was given.
    public let text: String

    /// `https` or `http`, in lower case.
    public let scheme: String

    /// The name or the address.
    public let host: Host

    /// The port that is dialled: the one given, else 443 or 80.
    public let port: UInt16

    /// The longest URI, in bytes.
    public static let maximumBytes = 2_048

    /// Reads a URI.
    ///
    /// - Parameter text: the URI as it was registered.
    /// - Throws: ``LogoutURIError``, naming the first rule that is broken.
    public init(_ text: String) throws(LogoutURIError) {
        let bytes = Array(text.utf8)
        guard bytes.count <= Self.maximumBytes else { throw .tooLong(bytes: bytes.count) }
        try Self.checkCharacters(bytes)
        let (scheme, rest) = try Self.splitScheme(bytes[...])
        let authority = rest.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
        guard !authority.contains(UInt8(ascii: "@")) else { throw .userinfo }
        let (host, port) = try Self.splitAuthority(authority)
        self.text = text
        self.scheme = scheme
        self.host = host
        self.port = port ?? (scheme == "https" ? 443 : 80)
    }

    /// Whether the scheme is `https`.
    public var isSecure: Bool { scheme == "https" }

    /// Scheme, host and port in lower case, without the scheme's own port: what connections are told apart
    /// by.
    ///
    /// Source: RFC 6454 §6.2.
    public var origin: String {
        let defaultPort: UInt16 = isSecure ? 443 : 80
        return "\(scheme)://\(host)" + (port == defaultPort ? "" : ":\(port)")
    }

    /// Whether the host is `localhost` or a loopback address.
    public var isLoopback: Bool {
        switch host {
        case .name(let name): name == "localhost"
        case .address(let address): address.isLoopback
        }
    }

    /// Whether two URIs are the same bytes.
    public static func == (left: LogoutURI, right: LogoutURI) -> Bool {
        // ASCII alone, where the same characters are the same bytes.
        left.text == right.text
    }

    /// Feeds what `==` compares.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(text)
    }
}

extension LogoutURI.Host: CustomStringConvertible {
    /// The host as it stands in a URI: a name, dotted decimal, or IPv6 in brackets.
    public var description: String {
        switch self {
        case .name(let name): name
        case .address(let address): address.family == .v6 ? "[\(address)]" : "\(address)"
        }
    }
}
