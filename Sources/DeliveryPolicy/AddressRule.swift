/// What the address rule says about one address, and why.
public enum AddressVerdict: Sendable, Hashable {
    /// An ordinary public address.
    case allow
    /// A special address in a block that the operator has opened.
    case allowByOperator(AddressBlock)
    /// An address in a block that is closed; the block names its registry entry.
    case deny(AddressBlock)

    /// Whether no connection may be made.
    public var isDenied: Bool {
        if case .deny = self { true } else { false }
    }
}

/// Which addresses a signed token may be sent to; judged each time a socket is about to be connected.
///
/// IPv4: every block of IANA's special-purpose registry is closed. IPv6: only `2000::/3` less the registry's
/// blocks in it is open, so that NAT64, 6to4, Teredo and whatever comes next are closed unless somebody opens
/// them. What no setting opens is in ``SpecialPurposeTable/alwaysDenied``.
public struct AddressRule: Sendable, Hashable {
    /// Whether RFC 1918, RFC 6598 and unique-local addresses are open: never link-local, never loopback.
    public let allowPrivateNetworks: Bool

    /// Whether `127.0.0.0/8` and `::1` are open, for development.
    public let allowLoopback: Bool

    /// Blocks that the operator opens one by one.
    public let allowed: [AddressBlock]

    /// Blocks that the operator closes; they win over ``allowed``.
    public let denied: [AddressBlock]

    /// A rule; without arguments, the strictest one.
    public init(
        allowPrivateNetworks: Bool = false,
        allowLoopback: Bool = false,
        allowed: [AddressBlock] = [],
        denied: [AddressBlock] = []
    ) {
        self.allowPrivateNetworks = allowPrivateNetworks
        self.allowLoopback = allowLoopback
        self.allowed = allowed
        self.denied = denied
    }

    /// Judges an address that a socket is about to be connected to.
    ///
    /// - Parameters:
    ///   - address: the address itself, never a name; an IPv4-mapped one is judged as its IPv4 address, and what a
    ///     translator or a tunnel would make an IPv4 address of is judged by that one too.
    ///   - port: 1 to 65535; port 0 is reserved (RFC 6335 §6) and denied.
    /// - Returns: the verdict, with the smallest block that decides it.
    public func verdict(on address: IPAddress, port: UInt16) -> AddressVerdict {
        let address = address.unmapped
        guard port != 0 else {
            let bits = address.family.bits
            return .deny(
                AddressBlock(around: address, prefixLength: bits, name: "port 0", source: "RFC 6335 §6")
            )
        }
        let verdict = verdict(on: address)
        guard address.family == .v6, !verdict.isDenied else { return verdict }
        return denial(behind: address, verdict) ?? verdict
    }

    /// Judges an address by itself, whatever stands behind it.
    func verdict(on address: IPAddress) -> AddressVerdict {
        if let block = closedBlock(address) { return .deny(block) }
        if let block = Self.closest(allowed, to: address) { return .allowByOperator(block) }
        if let block = Self.closest(SpecialPurposeTable.closed, to: address) {
            return isOpened(block) ? .allowByOperator(block) : .deny(block)
        }
        let isOrdinary = address.family == .v4 || SpecialPurposeTable.globalUnicast.contains(address)
        return isOrdinary ? .allow : .deny(SpecialPurposeTable.unallocated)
    }

    /// The block that closes an address whatever is opened.
    private func closedBlock(_ address: IPAddress) -> AddressBlock? {
        Self.closest(SpecialPurposeTable.alwaysDenied, to: address) ?? Self.closest(denied, to: address)
    }

    private func isOpened(_ block: AddressBlock) -> Bool {
        allowPrivateNetworks && SpecialPurposeTable.privateNetworks.contains(block)
            || allowLoopback && SpecialPurposeTable.loopback.contains(block)
    }

    /// The smallest block that an address is in: the registry's most exact name for it.
    private static func closest(_ blocks: [AddressBlock], to address: IPAddress) -> AddressBlock? {
        var closest: Int?
        for index in blocks.indices where blocks[index].contains(address) {
            if let best = closest, blocks[best].prefixLength >= blocks[index].prefixLength { continue }
            closest = index
        }
        return closest.map { blocks[$0] }
    }
}
