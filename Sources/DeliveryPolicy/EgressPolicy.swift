/// Which URIs may be called: the rules of the installation and of one issuer together.
///
/// What either one denies is denied, whatever is allowed. Blocks that either one opens are open. Where the issuer
/// has `allow_ports` or `allow_hosts` of its own, they stand in place of the installation's.
///
/// Hosts, ports and literal addresses are judged where a URI is registered and before each attempt; the addresses of
/// names when a socket is opened, by ``addressRule``.
public struct EgressPolicy: Sendable, Hashable {
    /// Judges addresses.
    public let addressRule: AddressRule

    private let allowedPorts: [UInt16]
    private let deniedPorts: [UInt16]
    private let allowedHosts: [HostPattern]
    private let deniedHosts: [HostPattern]

    /// The policy for one issuer.
    ///
    /// - Parameters:
    ///   - addressRule: what the installation's settings open and close as a whole.
    ///   - installation: the installation's lists; empty unless told.
    ///   - issuer: the issuer's lists; empty unless told.
    public init(addressRule: AddressRule, installation: EgressRule = .none, issuer: EgressRule = .none) {
        self.addressRule = AddressRule(
            allowPrivateNetworks: addressRule.allowPrivateNetworks,
            allowLoopback: addressRule.allowLoopback,
            allowed: addressRule.allowed + installation.allowCIDRs + issuer.allowCIDRs,
            denied: addressRule.denied + installation.denyCIDRs + issuer.denyCIDRs
        )
        allowedPorts = issuer.allowPorts.isEmpty ? installation.allowPorts : issuer.allowPorts
        deniedPorts = installation.denyPorts + issuer.denyPorts
        allowedHosts = issuer.allowHosts.isEmpty ? installation.allowHosts : issuer.allowHosts
        deniedHosts = installation.denyHosts + issuer.denyHosts
    }

    /// Why a URI must not be called; `nil` where it may be, as far as can be told before its host is resolved.
    public func refusal(of uri: LogoutURI) -> EgressRefusal? {
        if let name = ClosedName(uri.host), !(name.isLoopback && addressRule.opensLoopback) {
            return .closedName(name)
        }
        if let pattern = deniedHosts.first(where: { $0.matches(uri.host) }) { return .deniedHost(pattern) }
        guard allowedHosts.isEmpty || allowedHosts.contains(where: { $0.matches(uri.host) }) else {
            return .hostNotAllowed
        }
        if deniedPorts.contains(uri.port) { return .deniedPort(uri.port) }
        guard allowedPorts.isEmpty || allowedPorts.contains(uri.port) else {
            return .portNotAllowed(uri.port)
        }
        guard case .address(let address) = uri.host,
            case .deny(let block) = addressRule.verdict(on: address, port: uri.port)
        else { return nil }
        return .blockedAddress(block)
    }
}

extension AddressRule {
    /// Whether a loopback address may be called.
    fileprivate var opensLoopback: Bool {
        [IPAddress(v4: 0x7F00_0001), IPAddress(v6High: 0, v6Low: 1)].contains { !verdict(on: $0).isDenied }
    }
}

/// Why a URI must not be called.
public enum EgressRefusal: Error, Sendable, Hashable {
    /// The host's name is defined to lead to closed addresses.
    case closedName(ClosedName)
    /// The host is in `deny_hosts`, by this entry.
    case deniedHost(HostPattern)
    /// There is an `allow_hosts`, and the host is not in it.
    case hostNotAllowed
    /// The port is in `deny_ports`.
    case deniedPort(UInt16)
    /// There is an `allow_ports`, and the port is not in it.
    case portNotAllowed(UInt16)
    /// The host is a literal address of a block that is closed.
    case blockedAddress(AddressBlock)

    /// The rule that is broken, as one sentence.
    public var rule: String {
        switch self {
        case .closedName(let name): "The host must not be called: it is \(name.reason)."
        case .deniedHost: "The host is among those that must not be called (deny_hosts)."
        case .hostNotAllowed: "The host is not among those that may be called (allow_hosts)."
        case .deniedPort(let port): "Port \(port) is among those that must not be called (deny_ports)."
        case .portNotAllowed(let port): "Port \(port) is not among those that may be called (allow_ports)."
        case .blockedAddress(let block): "The address is in a block that must not be called: \(block)."
        }
    }
}
