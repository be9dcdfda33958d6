/// An entry of `allow_hosts` or `deny_hosts`: one host, or every name below a domain.
///
/// `rp.example.com` is that host alone, `*.example.com` every name below `example.com`, at any depth, and not
/// `example.com` itself. An address stands as in a URI, IPv6 in brackets. What a name resolves to is not looked at.
public struct HostPattern: Sendable, Hashable {
    private enum Kind: Hashable {
        case exactly(LogoutURI.Host)
        /// With the dot in front.
        case below(String)
    }

    private let kind: Kind

    /// The longest pattern, in bytes: a host of 253, and `*.`.
    public static let maximumBytes = 255

    /// Reads a pattern; `nil` where it is none. Letters may be of either case; a dot at the end is refused.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        let isWildcard = bytes.starts(with: "*.".utf8)
        guard let (host, port) = try? LogoutURI.splitAuthority(isWildcard ? bytes[2...] : bytes[...]),
            port == nil
        else { return nil }
        guard isWildcard else {
            kind = .exactly(host.unmapped)
            return
        }
        guard case .name(let name) = host else { return nil }
        kind = .below("." + name)
    }

    /// Whether a host is meant.
    public func matches(_ host: LogoutURI.Host) -> Bool {
        switch kind {
        case .exactly(let own): return own == host.unmapped
        case .below(let suffix):
            guard case .name(let name) = host, name.utf8.count > suffix.utf8.count else { return false }
            return name.utf8.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
        }
    }
}

extension HostPattern: CustomStringConvertible {
    /// The pattern in lower case.
    public var description: String {
        switch kind {
        case .exactly(let host): host.description
        case .below(let suffix): "*" + suffix
        }
    }
}

extension LogoutURI.Host {
    /// The host with an IPv4-mapped address as the IPv4 address that it dials.
    fileprivate var unmapped: LogoutURI.Host {
        guard case .address(let address) = self else { return self }
        return .address(address.unmapped)
    }
}
