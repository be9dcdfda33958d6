import Glibc

/// An address as a number, read and written by the C library: nothing here shares a line with what is judged.
struct Address: Hashable, CustomStringConvertible {
    let isV6: Bool
    let number: UInt128

    init(isV6: Bool, number: UInt128) {
        self.isV6 = isV6
        self.number = number
    }

    init?(_ text: some StringProtocol) {
        isV6 = text.utf8.contains(UInt8(ascii: ":"))
        var bytes = [UInt8](repeating: 0, count: isV6 ? 16 : 4)
        guard unsafe inet_pton(isV6 ? AF_INET6 : AF_INET, String(text), &bytes) == 1 else { return nil }
        number = bytes.reduce(0) { $0 << 8 | UInt128($1) }
    }

    var bits: Int { isV6 ? 128 : 32 }

    /// Most significant first.
    var bytes: [UInt8] {
        stride(from: bits - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> UInt128($0)) }
    }

    var description: String {
        var text = [CChar](repeating: 0, count: 64)
        guard unsafe inet_ntop(isV6 ? AF_INET6 : AF_INET, bytes, &text, socklen_t(text.count)) != nil else {
            return "?"
        }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// A block of addresses that no token may go to.
struct Block {
    let text: String
    let first: Address
    let last: Address

    init?(_ text: String) {
        let parts = text.split(separator: "/")
        guard let first = parts.first.flatMap({ Address($0) }) else { return nil }
        let length = parts.count > 1 ? Int(parts[1]) ?? first.bits : first.bits
        let size = UInt128(1) << UInt128(first.bits - length)
        self.text = text
        self.first = first
        last = Address(isV6: first.isV6, number: first.number &+ (size &- 1))
    }

    func contains(_ address: Address) -> Bool {
        address.isV6 == first.isV6 && (first.number...last.number).contains(address.number)
    }
}

/// Denied space, written down a second time: a slip in the table of the address rule shows as a difference.
///
/// Sources: IANA's special-purpose address registries (2025-10-09); the clouds' own documentation of their metadata services.
enum AddressSpace {
    static let blocks: [Block] = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24",
        "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
        // IPv6 outside 2000::/3, and what is special in it.
        "::/3", "4000::/2", "8000::/1", "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48",
        "3fff::/20",
        // Forms that lead to IPv4 or nowhere, each with edges of its own.
        "::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "5f00::/16", "fc00::/7",
        "fe80::/10", "fec0::/10", "ff00::/8", "2001::/32",
        "168.63.129.16", "169.254.169.254", "169.254.170.2", "169.254.170.23", "100.100.100.200",
        "192.0.0.192",
        "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "fe80::a9fe:a9fe",
    ].compactMap(Block.init)

    /// What `allow_private_networks` opens.
    static let privateBlocks: [Block] = [
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7",
    ].compactMap(Block.init)

    static func isDenied(_ address: Address) -> Bool {
        blocks.contains { $0.contains(address) }
    }

    /// The addresses right before and after a block, where they are not denied themselves.
    static func neighbours(of block: Block) -> [Address] {
        var found: [Address] = []
        let (first, last) = (block.first, block.last)
        if first.number > 0 { found.append(Address(isV6: first.isV6, number: first.number - 1)) }
        let end = first.isV6 ? UInt128.max : UInt128(UInt32.max)
        if last.number < end { found.append(Address(isV6: first.isV6, number: last.number + 1)) }
        return found.filter { !isDenied($0) }
    }
}
