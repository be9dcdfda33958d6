internal import DeliveryPolicy

/// The installation's lists of hosts, ports and blocks; an issuer's `egress` has the same ones.
extension SettingTable {
    static let allowCIDRs = Setting.list(
        "allow_cidrs",
        without: "none",
        of: "address blocks that are not closed for good",
        example: "10.1.0.0/16, fd12:3456::/32",
        "Special address blocks that are opened one by one. Cloud metadata addresses stay forbidden."
    ) { text in block(text, of: .allowCIDRs).flatMap { EgressRule.opensNothing($0) ? nil : $0 } }

    static let denyCIDRs = Setting.list(
        "deny_cidrs",
        without: "none",
        of: "address blocks",
        example: "198.51.100.0/24",
        "Address blocks that are closed for every issuer, whatever is opened."
    ) { block($0, of: .denyCIDRs) }

    static let allowPorts = Setting.list(
        "allow_ports",
        without: "every port",
        of: "ports",
        example: "443, 8443",
        "The only ports that may be called, unless an issuer has a list of its own.",
        read: port
    )

    static let denyPorts = Setting.list(
        "deny_ports",
        without: "none",
        of: "ports",
        example: "22, 25",
        "Ports that no issuer may call.",
        read: port
    )

    static let allowHosts = Setting.list(
        "allow_hosts",
        without: "every host",
        of: "hosts",
        example: "rp.example.com, *.example.org",
        "The only hosts that may be called, unless an issuer has a list of its own. *.example.org is every name below."
    ) { HostPattern($0) }

    static let denyHosts = Setting.list(
        "deny_hosts",
        without: "none",
        of: "hosts",
        example: "*.corp.example.com",
        "Hosts that no issuer may call. What a name resolves to is deny_cidrs' affair."
    ) { HostPattern($0) }

    private static func block(_ text: String, of member: EgressRule.Member) -> AddressBlock? {
        EgressRule.block(text, of: member, source: "the settings")
    }

    private static func port(_ text: String) -> UInt16? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), text.utf8.first != 0x30 else {
            return nil
        }
        return UInt16(text)
    }
}

extension Setting {
    /// Entries with commas between them; spaces beside a comma do not count.
    fileprivate static func list<Entry: Sendable>(
        _ name: String,
        without: String,
        of entries: String,
        example: String,
        _ help: String,
        read: @escaping @Sendable (String) -> Entry?
    ) -> Setting where Value == [Entry] {
        Setting(
            name,
            .text,
            default: nil,
            without: without,
            allowed: "1 to \(EgressRule.maximumEntries) \(entries), with commas between them",
            example: example,
            help
        ) { text in
            let parts = text.split(separator: ",", omittingEmptySubsequences: false)
            let read = parts.compactMap { read(String($0.trimmingSpaces)) }
            return read.count == parts.count && read.count <= EgressRule.maximumEntries ? read : nil
        }
    }
}

extension Substring {
    fileprivate var trimmingSpaces: Substring {
        let start = drop { $0 == " " }
        return start.lastIndex { $0 != " " }.map { start[...$0] } ?? ""
    }
}

extension EgressRule {
    /// Reads the lists of the installation.
    init(_ reader: inout SettingReader) throws(SettingsError) {
        self.init()
        allowCIDRs = try reader.optional(SettingTable.allowCIDRs) ?? []
        denyCIDRs = try reader.optional(SettingTable.denyCIDRs) ?? []
        allowPorts = try reader.optional(SettingTable.allowPorts) ?? []
        denyPorts = try reader.optional(SettingTable.denyPorts) ?? []
        allowHosts = try reader.optional(SettingTable.allowHosts) ?? []
        denyHosts = try reader.optional(SettingTable.denyHosts) ?? []
    }
}
