/// A range of addresses with the name it has in a registry, so that a refusal explains itself.
public struct AddressBlock: Sendable, Hashable {
    /// The first address; bits after the prefix are zero.
    public let base: IPAddress

    /// How many leading bits all addresses of the block share: 0 to 32, or 0 to 128.
    public let prefixLength: Int

    /// What the block is, such as `Private-Use`.
    public let name: String

    /// Where that is laid down, such as `RFC 1918`.
    public let source: String

    /// A block from its CIDR text; `nil` where the text is none.
    ///
    /// - Parameters:
    ///   - cidr: an address, a slash and a prefix length without leading zeros; bits after the prefix must be
    ///     zero. An address alone is a block of one.
    ///   - name: what the block is; `operator's list` unless told.
    ///   - source: where that is laid down; `configuration` unless told.
    public init?(_ cidr: String, name: String = "operator's list", source: String = "configuration") {
        let parts = cidr.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let base = IPAddress(String(first)) else { return nil }
        var prefixLength = base.family.bits
        if parts.count == 2 {
            guard let length = Int(parts[1]), String(length) == parts[1] else { return nil }
            prefixLength = length
        }
        guard (0...base.family.bits).contains(prefixLength) else { return nil }
        self.init(around: base, prefixLength: prefixLength, name: name, source: source)
        guard self.base == base else { return nil }
    }

    /// The block of this length that an address is in; a length beyond the family's is the family's.
    init(around address: IPAddress, prefixLength: Int, name: String, source: String) {
        self.prefixLength = min(max(prefixLength, 0), address.family.bits)
        base = address.masked(to: self.prefixLength)
        self.name = name
        self.source = source
    }

    /// Whether an address is in the block; an address of the other family never is.
    public func contains(_ address: IPAddress) -> Bool {
        address.family == base.family && address.masked(to: prefixLength) == base
    }
}

extension AddressBlock: CustomStringConvertible {
    /// The block alone: `10.0.0.0/8`.
    public var cidr: String { "\(base)/\(prefixLength)" }

    /// CIDR, name and source: `10.0.0.0/8 (Private-Use, RFC 1918)`.
    public var description: String {
        "\(cidr) (\(name), \(source))"
    }
}

extension IPAddress {
    /// The address with all bits after the first `length` cleared.
    fileprivate func masked(to length: Int) -> IPAddress {
        switch family {
        case .v4:
            IPAddress(v4: UInt32(truncatingIfNeeded: low) & ~UInt32(0) << UInt32(32 - length))
        case .v6:
            IPAddress(
                v6High: high & ~UInt64(0) << UInt64(max(0, 64 - length)),
                v6Low: low & ~UInt64(0) << UInt64(min(64, 128 - length))
            )
        }
    }
}
