/// Where a proxy is: `http://proxy.example.com:3128`, or `https://` for one that is itself spoken to over TLS.
///
/// Host and port are written as in ``ListenAddress``; the port is never left out, since each proxy has its own.
public struct ProxyAddress: Sendable, Hashable, CustomStringConvertible {
    /// Whether the proxy itself is spoken to over TLS.
    public let isSecure: Bool
    /// A name, or an address without brackets.
    public let host: String
    /// 1 to 65535.
    public let port: UInt16

    /// Reads an address as an operator wrote it; `nil` where the text is none.
    ///
    /// - Parameter text: see ``ProxyAddress``; one slash may end it.
    public init?(_ text: String) {
        let schemes = [("http://", false), ("https://", true)]
        guard let (scheme, isSecure) = schemes.first(where: { text.hasPrefix($0.0) }) else { return nil }
        var rest = text.dropFirst(scheme.count)
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        guard !rest.hasPrefix("unix:"), case .tcp(let host, let port)? = ListenAddress(String(rest)),
            let port = UInt16(exactly: port), port > 0
        else { return nil }
        self.isSecure = isSecure
        self.host = host
        self.port = port
    }

    /// The address as ``init(_:)`` reads it.
    public var description: String {
        "\(isSecure ? "https" : "http")://\(ListenAddress.tcp(host: host, port: Int(port)))"
    }
}
