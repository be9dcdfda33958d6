/// What an operator allows and forbids, for the installation or for one issuer.
///
/// A list that is empty says nothing. How the two rules go together is ``EgressPolicy``'s affair.
public struct EgressRule: Sendable, Hashable {
    /// The lists, by their names in the API and among the settings.
    public enum Member: String, Sendable, Hashable, CaseIterable {
        /// See ``EgressRule/allowCIDRs``.
        case allowCIDRs = "allow_cidrs"
        /// See ``EgressRule/denyCIDRs``.
        case denyCIDRs = "deny_cidrs"
        /// See ``EgressRule/allowPorts``.
        case allowPorts = "allow_ports"
        /// See ``EgressRule/denyPorts``.
        case denyPorts = "deny_ports"
        /// See ``EgressRule/allowHosts``.
        case allowHosts = "allow_hosts"
        /// See ``EgressRule/denyHosts``.
        case denyHosts = "deny_hosts"
    }

    /// How many entries a list may have.
    public static let maximumEntries = 256

    /// Special blocks that are opened, one by one.
    public var allowCIDRs: [AddressBlock] = []
    /// Blocks that are closed, opened or not.
    public var denyCIDRs: [AddressBlock] = []
    /// The only ports that may be called, where there are any.
    public var allowPorts: [UInt16] = []
    /// Ports that may not be called.
    public var denyPorts: [UInt16] = []
    /// The only hosts that may be called, where there are any.
    public var allowHosts: [HostPattern] = []
    /// Hosts that may not be called.
    public var denyHosts: [HostPattern] = []

    /// A rule that says nothing.
    public static let none = EgressRule()

    /// A rule whose lists are still empty.
    public init() {}

    /// Reads an entry of ``allowCIDRs`` or ``denyCIDRs``.
    ///
    /// IPv4-mapped blocks are those of IPv4, as addresses are.
    ///
    /// - Parameters:
    ///   - text: an address, a slash and a prefix length, bits after the prefix zero; or an address alone.
    ///   - member: the list that it is in; what an operator reads in a refusal.
    ///   - source: where the list is; likewise.
    /// - Returns: the block; `nil` where the text is none.
    public static func block(_ text: String, of member: Member, source: String) -> AddressBlock? {
        AddressBlock(text, name: member.rawValue, source: source)?.unmapped
    }

    /// Whether all of a block stays closed whatever is opened, so that it has no place in ``allowCIDRs``.
    public static func opensNothing(_ block: AddressBlock) -> Bool {
        SpecialPurposeTable.alwaysDenied.contains { closed in
            closed.prefixLength <= block.prefixLength && closed.contains(block.base)
        }
    }
}

extension EgressRule.Member {
    /// What an entry must be, as one sentence.
    public var rule: String {
        switch self {
        case .allowCIDRs:
            "The value must be an address block such as 10.0.0.0/8, and none that stays closed whatever is opened."
        case .denyCIDRs: "The value must be an address block such as 10.0.0.0/8."
        case .allowPorts, .denyPorts: "The value must be a port from 1 to 65535."
        case .allowHosts, .denyHosts:
            "The value must be a host such as rp.example.com, or *.example.com for all names below."
        }
    }
}

extension AddressBlock {
    /// The IPv4 block that a block of IPv4-mapped addresses stands for, or this one.
    fileprivate var unmapped: AddressBlock {
        let inside = base.unmapped
        guard inside.family != base.family, prefixLength >= 96 else { return self }
        return AddressBlock(around: inside, prefixLength: prefixLength - 96, name: name, source: source)
    }
}
