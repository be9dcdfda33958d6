/// The addresses that are not ordinary hosts of the Internet.
///
/// ``registered`` has every entry of IANA's two special-purpose address registries, those that the registries
/// call globally reachable too: none of them is the address of a relying party. It is made from the registries
/// as of ``registryDate``; what stands here by hand is what they do not list.
/// Sources: <https://www.iana.org/assignments/iana-ipv4-special-registry> and
/// <https://www.iana.org/assignments/iana-ipv6-special-registry>.
public enum SpecialPurposeTable {
    /// Every entry of the two registries, in their order.
    public static let registered: [AddressBlock] = blocks(registeredV4) + blocks(registeredV6)

    /// What is closed unless an operator opens it: ``registered``, and forms of IPv6 addresses that the registry
    /// does not list. They are outside ``globalUnicast`` in any case, and are named so that a refusal says why.
    static let closed: [AddressBlock] = registered + blocks(unlisted)

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

    typealias Entry = (cidr: String, name: String, source: String)

    private static let unlisted: [Entry] = [
        ("::/96", "IPv4-compatible", "RFC 4291 §2.5.5.1"),
        ("::ffff:0:0:0/96", "IPv4-translated", "RFC 2765 §2.1"),
        ("fec0::/10", "Site-Local Unicast", "RFC 3879"),
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
        ("169.254.169.252/32", "cloud metadata for containers", "Google Kubernetes Engine"),
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
        ("fd00:a9fe:a9fe::1/128", "cloud metadata", "Akamai (Linode)"),
        ("fd00:c1::a9fe:a9fe/128", "cloud metadata", "Oracle Cloud"),
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
