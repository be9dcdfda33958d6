import FoundationEssentials
import Glibc

/// IANA's registries read once more, by other means than the product's: what the table is held against.
///
/// Addresses are read by the C library and compared as numbers.
struct RegistryOracle {
    /// A block of the registry, or one that is closed by hand: its first and last address.
    struct Block {
        let cidr: String
        let isV4: Bool
        let first: UInt128
        let last: UInt128

        init?(_ cidr: String) {
            let parts = cidr.split(separator: "/")
            guard parts.count == 2, let length = Int(parts[1]) else { return nil }
            isV4 = !parts[0].contains(":")
            guard let number = RegistryOracle.number(of: String(parts[0])) else { return nil }
            let size = UInt128(1) << UInt128((isV4 ? 32 : 128) - length)
            guard number % size == 0 else { return nil }
            self.cidr = cidr
            first = number
            last = number &+ (size &- 1)
        }

        func contains(_ number: UInt128, isV4: Bool) -> Bool {
            isV4 == self.isV4 && (first...last).contains(number)
        }
    }

    /// The blocks of the two files, in their order, and the name of each row.
    let registered: [(block: Block, name: String)]
    private let others: [Block]

    /// What the registries do not list: multicast, and services of clouds inside and outside of their blocks.
    private static let closedByHand = ["224.0.0.0/4", "168.63.129.16/32"]

    init() throws {
        var registered: [(Block, String)] = []
        for version in ["4", "6"] {
            let path =
                Self.package + "/Sources/DeliveryPolicy/Registries/iana-ipv\(version)-special-registry-1.csv"
            let text = try String(contentsOfFile: path, encoding: .utf8)
            for record in Self.records(text).dropFirst() {
                for cidr in record[0].split(separator: ",") {
                    let bare = cidr.split(separator: "[")[0].filter { $0 != " " }
                    guard let block = Block(bare) else { throw Unreadable(cidr: String(cidr)) }
                    registered.append((block, record[1]))
                }
            }
        }
        self.registered = registered
        others = Self.closedByHand.compactMap { Block($0) }
    }

    /// Whether the strictest rule must deny an address.
    func denies(_ number: UInt128, isV4: Bool) -> Bool {
        if registered.contains(where: { $0.block.contains(number, isV4: isV4) }) { return true }
        if others.contains(where: { $0.contains(number, isV4: isV4) }) { return true }
        // Outside of 2000::/3 nothing is global unicast.
        return !isV4 && number >> 125 != 1
    }

    /// The package's folder, from where this file is.
    static var package: String {
        #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }
    }

    static func number(of text: String) -> UInt128? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let isV4 = !text.contains(":")
        guard unsafe inet_pton(isV4 ? AF_INET : AF_INET6, text, &bytes) == 1 else { return nil }
        return bytes.prefix(isV4 ? 4 : 16).reduce(0) { $0 << 8 | UInt128($1) }
    }

    static func text(of number: UInt128, isV4: Bool) -> String {
        let count = isV4 ? 4 : 16
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: number >> UInt128(8 * (count - 1 - $0))) }
        if isV4 { return bytes.map(String.init).joined(separator: ".") }
        return stride(from: 0, to: 16, by: 2).map {
            String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16)
        }
        .joined(separator: ":")
    }

    /// The records of RFC 4180: fields between commas, in quotes where they have commas, quotes or line ends.
    private static func records(_ text: String) -> [[String]] {
        var records: [[String]] = []
        var fields = [""]
        var isQuoted = false
        for character in text {
            switch character {
            case "\"": isQuoted.toggle()
            case "," where !isQuoted: fields.append("")
            case "\n" where !isQuoted, "\r\n" where !isQuoted:
                records.append(fields)
                fields = [""]
            default: fields[fields.count - 1].append(character)
            }
        }
        return records
    }

    struct Unreadable: Error {
        let cidr: String
    }
}
