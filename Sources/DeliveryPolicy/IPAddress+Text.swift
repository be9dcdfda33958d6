/// The text form: one strict reading, one canonical writing.
extension IPAddress: CustomStringConvertible {
    /// Reads `a.b.c.d` in decimal without leading zeros, or IPv6 as RFC 4291 §2.2 writes it, without a zone.
    ///
    /// Everything that resolvers also take for an address (`127.1`, `0177.0.0.1`, `0x7f000001`,
    /// `fe80::1%eth0`) is `nil`: two readers must not see two addresses in one text.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        if let address = IPAddress(dotted: bytes[...]) {
            self = address
        } else if let address = IPAddress(colons: bytes[...]) {
            self = address
        } else {
            return nil
        }
    }

    /// Reads dotted decimal.
    init?(dotted text: ArraySlice<UInt8>) {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.count == 1 || part.first != UInt8(ascii: "0") else {
                return nil
            }
            var octet: UInt32 = 0
            for byte in part {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                octet = octet * 10 + UInt32(byte - UInt8(ascii: "0"))
            }
            guard octet <= 255 else { return nil }
            value = value << 8 | octet
        }
        self.init(v4: value)
    }

    /// Reads IPv6.
    init?(colons text: ArraySlice<UInt8>) {
        let colon = UInt8(ascii: ":")
        let gap = zip(text.indices, text.indices.dropFirst()).first {
            text[$0] == colon && text[$1] == colon
        }?.0
        var groups: [UInt16]
        if let gap {
            guard let before = Self.groups(text[..<gap], mayEndInIPv4: false),
                let after = Self.groups(text[(gap + 2)...], mayEndInIPv4: true),
                before.count + after.count <= 7
            else { return nil }
            groups = before + Array(repeating: 0, count: 8 - before.count - after.count) + after
        } else {
            guard let all = Self.groups(text, mayEndInIPv4: true), all.count == 8 else { return nil }
            groups = all
        }
        self.init(
            v6High: groups[..<4].reduce(0) { $0 << 16 | UInt64($1) },
            v6Low: groups[4...].reduce(0) { $0 << 16 | UInt64($1) }
        )
    }

    /// Groups of one to four hexadecimal digits between single colons; none in an empty text.
    private static func groups(_ text: ArraySlice<UInt8>, mayEndInIPv4: Bool) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        var groups: [UInt16] = []
        let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if mayEndInIPv4, index == parts.count - 1, let embedded = IPAddress(dotted: part) {
                groups.append(UInt16(embedded.low >> 16))
                groups.append(UInt16(truncatingIfNeeded: embedded.low))
                continue
            }
            guard (1...4).contains(part.count) else { return nil }
            var group: UInt16 = 0
            for byte in part {
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"):
                    group = group << 4 | UInt16(byte - UInt8(ascii: "0"))
                case UInt8(ascii: "a")...UInt8(ascii: "f"):
                    group = group << 4 | UInt16(byte - UInt8(ascii: "a") + 10)
                case UInt8(ascii: "A")...UInt8(ascii: "F"):
                    group = group << 4 | UInt16(byte - UInt8(ascii: "A") + 10)
                default: return nil
                }
            }
            groups.append(group)
        }
        return groups
    }

    /// The canonical text: dotted decimal, or RFC 5952 §4, an IPv4-mapped address ending in dotted decimal
    /// (§5).
    public var description: String {
        if family == .v4 { return Self.dotted(low) }
        let mapped = unmapped
        if mapped.family == .v4 { return "::ffff:" + Self.dotted(mapped.low) }
        let groups = (0..<8).map { UInt16(truncatingIfNeeded: ($0 < 4 ? high : low) >> (48 - 16 * ($0 % 4))) }
        let texts = groups.map { String($0, radix: 16) }
        guard let run = Self.longestZeroRun(in: groups) else { return texts.joined(separator: ":") }
        return texts[..<run.lowerBound].joined(separator: ":") + "::"
            + texts[run.upperBound...].joined(separator: ":")
    }

    private static func dotted(_ value: UInt64) -> String {
        [24, 16, 8, 0].map { String(value >> $0 & 0xFF) }.joined(separator: ".")
    }

    /// The first of the longest runs of zero groups; a single one is not shortened (RFC 5952 §4.2.2, §4.2.3).
    private static func longestZeroRun(in groups: [UInt16]) -> Range<Int>? {
        var longest: Range<Int>?
        var start = 0
        for index in groups.indices {
            guard groups[index] == 0 else {
                start = index + 1
                continue
            }
            let run = start..<(index + 1)
            if run.count >= 2, run.count > longest?.count ?? 0 { longest = run }
        }
        return longest
    }
}
