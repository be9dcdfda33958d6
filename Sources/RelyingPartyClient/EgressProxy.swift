import DeliveryPolicy

/// The operator's own way out: an HTTP proxy that every request is tunnelled through with CONNECT, TLS from end to end.
///
/// Only its addresses are exempt from the address rule, and they are all that is ever dialled. The environment's proxies
/// play no part. Prints without its credentials.
///
/// Source: RFC 9110 §9.3.6.
public struct EgressProxy: Sendable, CustomStringConvertible, CustomReflectable {
    /// Whether the proxy itself is spoken to over TLS.
    public let isSecure: Bool
    /// A name, or an address without brackets.
    public let host: String
    /// Where it listens.
    public let port: UInt16
    /// Whether it is given names and judges their addresses itself; otherwise it is given addresses that we judged.
    public let resolvesNames: Bool

    /// For the proxy and for nobody else.
    let credentials: (user: String, password: String)?
    /// The host, where it is an address.
    let literal: IPAddress?

    /// A proxy.
    ///
    /// - Parameters:
    ///   - isSecure: see ``isSecure``.
    ///   - host: see ``host``.
    ///   - port: see ``port``.
    ///   - credentials: a user without a colon, a colon, a password; none unless given.
    ///   - resolvesNames: see ``resolvesNames``; no unless told.
    public init(
        isSecure: Bool,
        host: String,
        port: UInt16,
        credentials: String? = nil,
        resolvesNames: Bool = false
    ) {
        self.isSecure = isSecure
        self.host = host
        self.port = port
        self.resolvesNames = resolvesNames
        literal = IPAddress(host)
        self.credentials = credentials.map { text in
            let user = text.prefix { $0 != ":" }
            return (String(user), String(text[user.endIndex...].dropFirst()))
        }
    }

    /// Scheme, host and port.
    public var description: String { url(naming: host) }

    /// Without the credentials.
    public var customMirror: Mirror { Mirror(self, children: ["url": description]) }

    /// The proxy under another name for the same machine.
    func url(naming host: String) -> String {
        let host = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        return "\(isSecure ? "https" : "http")://\(host):\(port)"
    }
}

/// Why a request did not get past the egress proxy: the RP has not seen any of it.
public enum EgressProxyFailure: Sendable, Hashable {
    /// The proxy answered CONNECT with this status.
    case refused(status: Int)
    /// No connection to the proxy, or it ended before CONNECT was answered.
    case unreachable
    /// The proxy's name has no address, or its servers did not say.
    case dnsFailure
    /// No secure connection to the proxy.
    case tlsFailure

    /// What to look for: these words never come from an RP.
    var code: String {
        if case .refused = self { "egress_proxy_refused" } else { "egress_proxy_unreachable" }
    }

    /// A sentence for an operator.
    var sentence: String {
        switch self {
        case .refused(let status): "the egress proxy answered CONNECT with \(status)"
        case .unreachable: "no connection to the egress proxy"
        case .dnsFailure: "the egress proxy's name has no address"
        case .tlsFailure: "no secure connection to the egress proxy"
        }
    }
}
