/// The addresses that are not ordinary hosts of the Internet.
///
/// ``registered`` has every entry of IANA's two special-purpose address registries, those that the registries
/// call globally reachable too: none of them is the address of a relying party.
/// Sources: <https://www.iana.org/assignments/iana-ipv4-special-registry> and
/// <https://www.iana.org/assignments/iana-ipv6-special-registry>, as of ``registryDate``.
public enum SpecialPurposeTable {
    /// The date of the registries that ``registered`` follows.
    public static let registryDate = "2025-10-09"

    /// Every entry of the two registries, in their order.
    public static let registered: [AddressBlock] = blocks(registeredV4) + blocks(registeredV6)

    /// What no setting opens: addresses that are no single host, and the credential services of clouds.
    public static let alwaysDenied: [AddressBlock] = blocks(neverHosts) + blocks(metadataServices)

    /// What `LASTCALL_ALLOW_PRIVATE_NETWORKS` opens.
    public static let privateNetworks = [
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7",
    ]
    .compactMap(registeredBlock)

    /// What `LASTCALL_ALLOW_INSECURE_LOOPBACK` opens.
    public static let loopback = ["127.0.0.0/8", "::1/128"].compactMap(registeredBlock)

    /// The only IPv6 addresses that IANA has handed out as global unicast.
    public static let globalUnicast = AddressBlock(
        around: IPAddress(v6High: 0x2000 << 48, v6Low: 0),
        prefixLength: 3,
        name: "Global Unicast",
        source: "RFC 4291 §2.4"
    )

    /// All of IPv6: what an address outside ``globalUnicast`` is denied for where no entry is closer.
    public static let unallocated = AddressBlock(
        around: IPAddress(v6High: 0, v6Low: 0),
        prefixLength: 0,
        name: "not allocated as global unicast",
        source: "RFC 4291 §2.4"
    )

    private typealias Entry = (cidr: String, name: String, source: String)

    private static let registeredV4: [Entry] = [
        ("0.0.0.0/8", "\"This network\"", "RFC 791 §3.2"),
        ("0.0.0.0/32", "\"This host on this network\"", "RFC 1122 §3.2.1.3"),
        ("10.0.0.0/8", "Private-Use", "RFC 1918"),
        ("100.64.0.0/10", "Shared Address Space", "RFC 6598"),
        ("127.0.0.0/8", "Loopback", "RFC 1122 §3.2.1.3"),
        ("169.254.0.0/16", "Link Local", "RFC 3927"),
        ("172.16.0.0/12", "Private-Use", "RFC 1918"),
        ("192.0.0.0/24", "IETF Protocol Assignments", "RFC 6890 §2.1"),
        ("192.0.0.0/29", "IPv4 Service Continuity Prefix", "RFC 7335"),
        ("192.0.0.8/32", "IPv4 dummy address", "RFC 7600"),
        ("192.0.0.9/32", "Port Control Protocol Anycast", "RFC 7723"),
        ("192.0.0.10/32", "Traversal Using Relays around NAT Anycast", "RFC 8155"),
        ("192.0.0.170/32", "NAT64/DNS64 Discovery", "RFC 8880, RFC 7050 §2.2"),
        ("192.0.0.171/32", "NAT64/DNS64 Discovery", "RFC 8880, RFC 7050 §2.2"),
        ("192.0.2.0/24", "Documentation (TEST-NET-1)", "RFC 5737"),
        ("192.31.196.0/24", "AS112-v4", "RFC 7535"),
        ("192.52.193.0/24", "AMT", "RFC 7450"),
        ("192.88.99.0/24", "Deprecated (6to4 Relay Anycast)", "RFC 7526"),
        ("192.88.99.2/32", "6a44-relay anycast address", "RFC 6751"),
        ("192.168.0.0/16", "Private-Use", "RFC 1918"),
        ("192.175.48.0/24", "Direct Delegation AS112 Service", "RFC 7534"),
        ("198.18.0.0/15", "Benchmarking", "RFC 2544"),
        ("198.51.100.0/24", "Documentation (TEST-NET-2)", "RFC 5737"),
        ("203.0.113.0/24", "Documentation (TEST-NET-3)", "RFC 5737"),
        ("240.0.0.0/4", "Reserved", "RFC 1112 §4"),
        ("255.255.255.255/32", "Limited Broadcast", "RFC 8190, RFC 919 §7"),
    ]

    private static let registeredV6: [Entry] = [
        ("::1/128", "Loopback Address", "RFC 4291"),
        ("::/128", "Unspecified Address", "RFC 4291"),
        ("::ffff:0:0/96", "IPv4-mapped Address", "RFC 4291"),
        ("64:ff9b::/96", "IPv4-IPv6 Translat.", "RFC 6052"),
        ("64:ff9b:1::/48", "IPv4-IPv6 Translat.", "RFC 8215"),
        ("100::/64", "Discard-Only Address Block", "RFC 6666"),
        ("100:0:0:1::/64", "Dummy IPv6 Prefix", "RFC 9780"),
        ("2001::/23", "IETF Protocol Assignments", "RFC 2928"),
        ("2001::/32", "TEREDO", "RFC 4380, RFC 8190"),
        ("2001:1::1/128", "Port Control Protocol Anycast", "RFC 7723"),
        ("2001:1::2/128", "Traversal Using Relays around NAT Anycast", "RFC 8155"),
        ("2001:1::3/128", "DNS-SD Service Registration Protocol Anycast", "RFC 9665"),
        ("2001:2::/48", "Benchmarking", "RFC 5180"),
        ("2001:3::/32", "AMT", "RFC 7450"),
        ("2001:4:112::/48", "AS112-v6", "RFC 7535"),
        ("2001:10::/28", "Deprecated (previously ORCHID)", "RFC 4843"),
        ("2001:20::/28", "ORCHIDv2", "RFC 7343"),
        ("2001:30::/28", "Drone Remote ID Protocol Entity Tags (DETs) Prefix", "RFC 9374"),
        ("2001:db8::/32", "Documentation", "RFC 3849"),
        ("2002::/16", "6to4", "RFC 3056"),
        ("2620:4f:8000::/48", "Direct Delegation AS112 Service", "RFC 7534"),
        ("3fff::/20", "Documentation", "RFC 9637"),
        ("5f00::/16", "Segment Routing (SRv6) SIDs", "RFC 9602"),
        ("fc00::/7", "Unique-Local", "RFC 4193, RFC 8190"),
        ("fe80::/10", "Link-Local Unicast", "RFC 4291"),
    ]

    private static let neverHosts: [Entry] = [
        ("0.0.0.0/8", "\"This network\"", "RFC 791 §3.2"),
        ("224.0.0.0/4", "Multicast", "RFC 5771"),
        ("240.0.0.0/4", "Reserved", "RFC 1112 §4"),
        ("255.255.255.255/32", "Limited Broadcast", "RFC 8190, RFC 919 §7"),
        ("::/128", "Unspecified Address", "RFC 4291"),
        ("ff00::/8", "Multicast", "RFC 4291 §2.7"),
    ]

    private static let metadataServices: [Entry] = [
        ("169.254.169.254/32", "cloud metadata", "AWS, Azure, Google Cloud, Oracle Cloud and others"),
        ("169.254.169.253/32", "cloud resolver", "AWS"),
        ("169.254.170.2/32", "cloud credentials for containers", "AWS ECS"),
        ("169.254.170.23/32", "cloud credentials for containers", "AWS EKS"),
        ("169.254.42.42/32", "cloud metadata", "Scaleway"),
        ("169.254.0.23/32", "cloud metadata", "Tencent Cloud"),
        ("100.100.100.200/32", "cloud metadata", "Alibaba Cloud"),
        ("168.63.129.16/32", "cloud host agent", "Azure"),
        ("192.0.0.192/32", "cloud metadata", "Oracle Cloud"),
        ("fd00:ec2::254/128", "cloud metadata", "AWS"),
        ("fd00:ec2::253/128", "cloud resolver", "AWS"),
        ("fd00:ec2::23/128", "cloud credentials for containers", "AWS EKS"),
        ("fd20:ce::254/128", "cloud metadata", "Google Cloud"),
        ("fd00:42::42/128", "cloud metadata", "Scaleway"),
        ("fe80::a9fe:a9fe/128", "cloud metadata", "OpenStack"),
    ]

    /// An entry that is no CIDR block would vanish here; a test counts them.
    private static func blocks(_ entries: [Entry]) -> [AddressBlock] {
        entries.compactMap { AddressBlock($0.cidr, name: $0.name, source: $0.source) }
    }

    private static func registeredBlock(_ cidr: String) -> AddressBlock? {
        AddressBlock(cidr).flatMap { wanted in
            registered.first { $0.base == wanted.base && $0.prefixLength == wanted.prefixLength }
        }
    }
}
