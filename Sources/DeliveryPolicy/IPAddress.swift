/// An IPv4 or IPv6 address: sixteen bytes and a family, without a zone and without a port.
///
/// `1.2.3.4` and `::ffff:1.2.3.4` are two addresses; ``unmapped`` makes the second into the first.
public struct IPAddress: Sendable, Hashable {
    /// The two kinds of address.
    public enum Family: Sendable, Hashable {
        /// 32 bits.
        case v4
        /// 128 bits.
        case v6

        /// How long an address of this family is, in bits.
        public var bits: Int { self == .v4 ? 32 : 128 }
    }

    /// Which kind this is.
    public let family: Family

    /// The upper 64 bits of an IPv6 address; zero for IPv4.
    public let high: UInt64

    /// The lower 64 bits of an IPv6 address, or the 32 bits of an IPv4 address.
    public let low: UInt64

    /// An IPv4 address: `0x7F000001` is 127.0.0.1.
    public init(v4: UInt32) {
        family = .v4
        high = 0
        low = UInt64(v4)
    }

    /// An IPv6 address: `(0, 1)` is ::1.
    public init(v6High: UInt64, v6Low: UInt64) {
        family = .v6
        high = v6High
        low = v6Low
    }

    /// An address from its bytes in network order: four for IPv4, sixteen for IPv6, any other number is
    /// `nil`.
    public init?(bytes: some Collection<UInt8>) {
        switch bytes.count {
        case 4:
            self.init(v4: bytes.reduce(0) { $0 << 8 | UInt32($1) })
        case 16:
            self.init(
                v6High: bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) },
                v6Low: bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) }
            )
        default: return nil
        }
    }

    /// The IPv4 address inside an IPv4-mapped one (`::ffff:0:0/96`), or this address.
    ///
    /// Source: RFC 4291 §2.5.5.2; a socket that is given the mapped form dials the IPv4 address.
    public var unmapped: IPAddress {
        guard family == .v6, high == 0, low >> 32 == 0xFFFF else { return self }
        return IPAddress(v4: UInt32(truncatingIfNeeded: low))
    }

    /// Whether this is `127.0.0.0/8` or `::1`, mapped or not. Source: RFC 1122 §3.2.1.3, RFC 4291 §2.5.3.
    public var isLoopback: Bool {
        let address = unmapped
        return address.family == .v4 ? address.low >> 24 == 127 : address.high == 0 && address.low == 1
    }
}
