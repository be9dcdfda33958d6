import DeliveryPolicy
import Settings
import Testing

@Suite("Settings: hosts, ports and blocks")
struct EgressSettingsTests {
    @Test("lists are separated by commas, in each place that settings are given")
    func lists() throws {
        let settings = try load(
            flags: ["deny_cidrs": "198.51.100.0/24,10.0.0.1"],
            environment: [
                "LASTCALL_ALLOW_CIDRS": "10.1.0.0/16 , fd12::/32", "LASTCALL_DENY_HOSTS": "*.Corp.example",
            ],
            file: """
                allow_ports = "443,8443"
                deny_ports = "25"
                allow_hosts = "rp.example.com, *.example.org"
                """
        )
        #expect(settings.egress.allowCIDRs.map(\.cidr) == ["10.1.0.0/16", "fd12::/32"])
        #expect(settings.egress.denyCIDRs.map(\.cidr) == ["198.51.100.0/24", "10.0.0.1/32"])
        #expect(settings.egress.allowPorts == [443, 8_443] && settings.egress.denyPorts == [25])
        #expect(settings.egress.allowHosts.map(\.description) == ["rp.example.com", "*.example.org"])
        #expect(settings.egress.denyHosts.map(\.description) == ["*.corp.example"])
        #expect(settings.egress.denyCIDRs[0].description == "198.51.100.0/24 (deny_cidrs, the settings)")
        #expect(try load().egress == .none)
    }

    @Test(
        "one bad entry stops the start",
        arguments: [
            ("allow_cidrs", ""), ("allow_cidrs", "10.0.0.1/8"), ("allow_cidrs", "10.0.0.0/8,"),
            ("allow_cidrs", "169.254.169.254"),
            ("deny_cidrs", "10.0.0.0/8,,11.0.0.0/8"), ("deny_cidrs", "10.0.0.0/8 11.0.0.0/8"),
            ("deny_cidrs", "example.com"),
            ("allow_ports", "0"), ("allow_ports", "65536"), ("allow_ports", "0443"), ("allow_ports", "+1"),
            ("deny_ports", "1-2"),
            ("deny_ports", "https"), ("deny_ports", " "), ("allow_hosts", "*"), ("allow_hosts", "a."),
            ("deny_hosts", "a b"),
            ("deny_hosts", "https://a"), ("allow_ports", (1...257).map(String.init).joined(separator: ",")),
        ]
    )
    func refuses(name: String, text: String) throws {
        let definition = try #require(LastcallSettings.definitions.first { $0.name == name })
        let shown = text.count > 80 ? text.prefix(80) + "..." : text
        let expected = SettingsError.invalidValue(
            setting: name,
            source: .flag(definition.flagName),
            value: "\"\(shown)\"",
            allowed: definition.allowed
        )
        #expect(throws: expected) { try load(flags: [name: text]) }
    }

    @Test("a list has up to 256 entries, and both ends of the ports")
    func limits() throws {
        let ports = (1...256).map(String.init).joined(separator: ",")
        #expect(try load(flags: ["allow_ports": ports]).egress.allowPorts.count == 256)
        #expect(try load(flags: ["deny_ports": "1,65535"]).egress.denyPorts == [1, 65_535])
    }
}
