import LogoutModel

/// The end of a chain: kept elsewhere, it proves later that nothing before it was rewritten or cut off.
public struct AuditHead: Sendable, Hashable, CustomStringConvertible {
    /// The number of the last seal; 0 where there is none.
    public let number: Int64
    /// Its hash, 32 bytes.
    public let hash: [UInt8]

    /// A head.
    public init(number: Int64, hash: [UInt8]) {
        self.number = number
        self.hash = hash
    }

    /// Reads ``description``; `nil` for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let number = Int64(parts[0]), number >= 0, parts[1].utf8.count == 64 else {
            return nil
        }
        var hash: [UInt8] = []
        var digits = parts[1].utf8[...]
        while let high = digits.popFirst(), let low = digits.popFirst() {
            guard let high = Self.value(of: high), let low = Self.value(of: low) else { return nil }
            hash.append(high << 4 | low)
        }
        self.init(number: number, hash: hash)
    }

    /// `NUMBER:HASH`, the hash as 64 hexadecimal digits.
    public var description: String {
        "\(number):\(Hex.encode(hash))"
    }

    private static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
