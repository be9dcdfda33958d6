/// Whether a URL may be an issuer's: `https`, at most 2,048 bytes, without a query and without a fragment.
///
/// It is compared and signed, never called, so that it does not matter where it leads.
/// Source: OpenID Connect Core 1.0 §2 (`iss`).
public struct IssuerRule: Sendable, Hashable {
    /// Whether `http` is allowed where the host is loopback, for development.
    public let allowInsecureLoopback: Bool

    /// A rule of the operator's making.
    public init(allowInsecureLoopback: Bool) {
        self.allowInsecureLoopback = allowInsecureLoopback
    }

    /// Judges a URL.
    ///
    /// - Parameter url: the `issuer` as it was given; it is used byte for byte.
    /// - Throws: ``IssuerURLError``, naming the first rule that is broken.
    public func check(_ url: String) throws(IssuerURLError) {
        let uri: LogoutURI
        do { uri = try LogoutURI(url) } catch { throw .uri(error) }
        guard uri.isSecure || allowInsecureLoopback && uri.isLoopback else { throw .insecure }
        guard !url.utf8.contains(UInt8(ascii: "?")) else { throw .query }
    }
}

/// Why a URL cannot be an issuer's.
public enum IssuerURLError: Error, Sendable, Hashable {
    /// It is no URI that Lastcall reads.
    case uri(LogoutURIError)
    /// `http` is for loopback alone, and there only where the operator allows it.
    case insecure
    /// An issuer has no query.
    case query

    /// The rule that is broken, as one sentence.
    public var rule: String {
        switch self {
        case .uri(let error): error.rule
        case .insecure: "The scheme must be https."
        case .query: "The issuer must not have a query."
        }
    }
}
