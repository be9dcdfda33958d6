import DeliveryPolicy
import Testing

@Suite("Egress policy")
struct EgressPolicyTests {
    private func rule(_ change: (inout EgressRule) throws -> Void) rethrows -> EgressRule {
        var rule = EgressRule.none
        try change(&rule)
        return rule
    }

    private func hosts(_ patterns: String...) throws -> [HostPattern] {
        try patterns.map { try #require(HostPattern($0)) }
    }

    private func refusal(_ policy: EgressPolicy, _ uri: String) throws -> EgressRefusal? {
        policy.refusal(of: try LogoutURI(uri))
    }

    @Test("without lists every public host and port may be called")
    func open() throws {
        let policy = EgressPolicy(addressRule: AddressRule())
        for uri in [
            "https://rp.example.com/", "https://rp:1/", "https://rp.internal/", "https://rp.local/",
            "https://8.8.8.8:65535/",
        ] {
            #expect(try refusal(policy, uri) == nil, "\(uri)")
        }
    }

    @Test("deny wins over allow, and both are judged by host and by port")
    func denyWins() throws {
        let issuer = try rule {
            $0.allowHosts = try hosts("*.example.com", "rp.test")
            $0.denyHosts = try hosts("*.secret.example.com")
            $0.allowPorts = [443, 8443]
            $0.denyPorts = [8443]
        }
        let policy = EgressPolicy(addressRule: AddressRule(), issuer: issuer)
        let pattern = try #require(HostPattern("*.secret.example.com"))
        for (uri, expected) in [
            ("https://rp.example.com/", nil), ("https://rp.example.com:443/", nil), ("https://RP.test/", nil),
            ("https://a.secret.example.com/", .deniedHost(pattern)),
            ("https://example.com/", .hostNotAllowed),
            ("https://a.rp.test/", .hostNotAllowed), ("https://8.8.8.8/", .hostNotAllowed),
            ("https://rp.example.com:8443/", .deniedPort(8_443)),
            ("https://rp.example.com:444/", .portNotAllowed(444)),
        ] as [(String, EgressRefusal?)] {
            #expect(try refusal(policy, uri) == expected, "\(uri)")
        }
    }

    @Test("the issuer's allow lists stand in place of the installation's, which hold where it has none")
    func allowDefaults() throws {
        let installation = try rule {
            $0.allowHosts = try hosts("a.test")
            $0.allowPorts = [443]
        }
        let own = try rule { $0.allowHosts = try hosts("b.test") }
        let policy = EgressPolicy(addressRule: AddressRule(), installation: installation, issuer: own)
        #expect(try refusal(policy, "https://b.test/") == nil)
        #expect(try refusal(policy, "https://a.test/") == .hostNotAllowed)
        #expect(try refusal(policy, "https://b.test:444/") == .portNotAllowed(444))
        let ports = EgressPolicy(
            addressRule: AddressRule(),
            installation: installation,
            issuer: rule { $0.allowPorts = [444] }
        )
        #expect(try refusal(ports, "https://a.test:444/") == nil)
        #expect(try refusal(ports, "https://a.test/") == .portNotAllowed(443))
        #expect(try refusal(ports, "https://b.test:444/") == .hostNotAllowed)
    }

    @Test("the installation's denies win over whatever an issuer allows")
    func installationWins() throws {
        let block = try #require(AddressBlock("10.1.0.0/16"))
        let installation = try rule {
            $0.denyHosts = try hosts("a.test")
            $0.denyPorts = [25]
            $0.denyCIDRs = [block]
        }
        let issuer = try rule {
            $0.allowHosts = try hosts("a.test", "b.test", "10.1.0.1", "10.2.0.1")
            $0.allowPorts = [25, 443]
            $0.allowCIDRs = [try #require(AddressBlock("10.0.0.0/8"))]
        }
        let policy = EgressPolicy(addressRule: AddressRule(), installation: installation, issuer: issuer)
        #expect(try refusal(policy, "https://b.test/") == nil)
        #expect(try refusal(policy, "https://a.test/") == .deniedHost(try #require(HostPattern("a.test"))))
        #expect(try refusal(policy, "https://b.test:25/") == .deniedPort(25))
        #expect(try refusal(policy, "https://10.1.0.1/") == .blockedAddress(block))
        #expect(try refusal(policy, "https://10.2.0.1/") == nil)
        #expect(
            policy.addressRule.verdict(on: try #require(IPAddress("10.1.255.255")), port: 443) == .deny(block)
        )
        #expect(!policy.addressRule.verdict(on: try #require(IPAddress("10.2.0.0")), port: 443).isDenied)
    }

    @Test("blocks that the installation and the issuer open are open, and metadata services are not")
    func opensBlocks() throws {
        let installation = try rule { $0.allowCIDRs = [try #require(AddressBlock("10.0.0.0/8"))] }
        let issuer = try rule { $0.allowCIDRs = [try #require(AddressBlock("169.254.0.0/16"))] }
        let policy = EgressPolicy(addressRule: AddressRule(), installation: installation, issuer: issuer)
        for uri in ["https://10.9.9.9/", "https://169.254.1.1/"] { #expect(try refusal(policy, uri) == nil) }
        for uri in ["https://169.254.169.254/", "https://192.168.0.1/", "https://[::ffff:169.254.169.254]/"] {
            #expect(try refusal(policy, uri) != nil, "\(uri)")
        }
    }

    @Test(
        "names of loopback are closed until loopback is open, names of metadata services for ever",
        arguments: [
            ("localhost", true, false), ("LOCALHOST", true, false), ("a.localhost", true, false),
            ("a.b.Localhost", true, false),
            ("localhost.example", false, false), ("xlocalhost", false, false),
            ("localhost.localdomain", false, false),
            ("metadata.google.internal", true, true), ("Metadata.Google.Internal", true, true),
            ("metadata.goog", true, true),
            ("instance-data", true, true), ("instance-data.ec2.internal", true, true),
            ("metadata.tencentyun.com", true, true),
            ("api.metadata.cloud.ibm.com", true, true), ("x.metadata.google.internal", false, false),
            ("metadata.example", false, false), ("rp.internal", false, false), ("rp.local", false, false),
            ("rp.invalid", false, false),
        ]
    )
    func closedNames(host: String, isClosed: Bool, isClosedForEver: Bool) throws {
        let uri = "https://\(host)/"
        let strict = EgressPolicy(addressRule: AddressRule())
        #expect(try (refusal(strict, uri) != nil) == isClosed)
        let loopback = EgressPolicy(addressRule: AddressRule(allowLoopback: true))
        #expect(try (refusal(loopback, uri) != nil) == isClosedForEver)
        let opened = try rule { $0.allowCIDRs = [try #require(AddressBlock("127.0.0.1"))] }
        #expect(
            try (refusal(EgressPolicy(addressRule: AddressRule(), issuer: opened), uri) != nil)
                == isClosedForEver
        )
        let listed = try rule { $0.allowHosts = try hosts(host) }
        #expect(
            try (refusal(EgressPolicy(addressRule: AddressRule(), issuer: listed), uri) != nil) == isClosed
        )
    }

    @Test("every refusal says its rule in one sentence")
    func rules() throws {
        let pattern = try #require(HostPattern("a.test"))
        let block = try #require(AddressBlock("10.0.0.0/8"))
        let refusals: [EgressRefusal] = [
            .deniedHost(pattern), .hostNotAllowed, .deniedPort(25), .portNotAllowed(26),
            .blockedAddress(block),
        ]
        for refusal in refusals { #expect(refusal.rule.hasSuffix(".")) }
        #expect(Set(refusals.map(\.rule)).count == refusals.count)
        let closed = try #require(try refusal(EgressPolicy(addressRule: AddressRule()), "https://localhost/"))
        #expect(
            closed.rule == "The host must not be called: it is a name of loopback addresses, RFC 6761 §6.3."
        )
    }
}
