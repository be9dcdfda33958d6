import DeliveryPolicy
import Testing

@Suite("Address rule")
struct AddressRuleTests {
    let strict = AddressRule()
    let privateNetworks = AddressRule(allowPrivateNetworks: true)
    let loopback = AddressRule(allowLoopback: true)

    func verdict(_ rule: AddressRule, _ text: String) throws -> AddressVerdict {
        rule.verdict(on: try #require(IPAddress(text)), port: 443)
    }

    @Test(
        "IPv4: each special block is denied from end to end, its neighbours are not",
        arguments: [
            ("0.0.0.0", true), ("0.255.255.255", true), ("1.0.0.0", false), ("9.255.255.255", false),
            ("10.0.0.0", true), ("10.255.255.255", true),
            ("11.0.0.0", false), ("100.63.255.255", false), ("100.64.0.0", true), ("100.127.255.255", true),
            ("100.128.0.0", false),
            ("126.255.255.255", false), ("127.0.0.0", true), ("127.0.0.1", true), ("127.255.255.255", true),
            ("128.0.0.0", false),
            ("168.63.129.15", false), ("168.63.129.16", true), ("168.63.129.17", false),
            ("169.253.255.255", false), ("169.254.0.0", true),
            ("169.254.169.254", true), ("169.254.255.255", true), ("169.255.0.0", false),
            ("172.15.255.255", false), ("172.16.0.0", true),
            ("172.31.255.255", true), ("172.32.0.0", false), ("191.255.255.255", false), ("192.0.0.0", true),
            ("192.0.0.9", true), ("192.0.0.10", true),
            ("192.0.0.255", true), ("192.0.1.0", false), ("192.0.1.255", false), ("192.0.2.0", true),
            ("192.0.2.255", true), ("192.0.3.0", false),
            ("192.31.195.255", false), ("192.31.196.0", true), ("192.31.196.255", true),
            ("192.31.197.0", false), ("192.52.192.255", false),
            ("192.52.193.0", true), ("192.52.193.255", true), ("192.52.194.0", false),
            ("192.88.98.255", false), ("192.88.99.0", true),
            ("192.88.99.255", true), ("192.88.100.0", false), ("192.167.255.255", false),
            ("192.168.0.0", true), ("192.168.255.255", true),
            ("192.169.0.0", false), ("192.175.47.255", false), ("192.175.48.0", true),
            ("192.175.48.255", true), ("192.175.49.0", false),
            ("198.17.255.255", false), ("198.18.0.0", true), ("198.19.255.255", true), ("198.20.0.0", false),
            ("198.51.99.255", false),
            ("198.51.100.0", true), ("198.51.100.255", true), ("198.51.101.0", false),
            ("203.0.112.255", false), ("203.0.113.0", true),
            ("203.0.113.255", true), ("203.0.114.0", false), ("223.255.255.255", false), ("224.0.0.0", true),
            ("239.255.255.255", true),
            ("240.0.0.0", true), ("255.255.255.254", true), ("255.255.255.255", true),
        ]
    )
    func v4(text: String, isDenied: Bool) throws {
        #expect(try verdict(strict, text).isDenied == isDenied)
        #expect(try verdict(strict, "::ffff:\(text)").isDenied == isDenied)
    }

    @Test(
        "IPv6: only 2000::/3 is allowed, less its special blocks from end to end",
        arguments: [
            ("::", true), ("::1", true), ("::2", true), ("::7f00:1", true), ("::808:808", true),
            ("::ffff:0:808:808", true),
            ("64:ff9b::808:808", true), ("64:ff9b:1::808:808", true), ("64:ff9b:2::", true), ("100::1", true),
            ("100:0:0:1::1", true),
            ("1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true), ("2000::", false),
            ("2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false),
            ("2001::", true), ("2001:0:808:808::1", true), ("2001:1::1", true), ("2001:2::1", true),
            ("2001:3::1", true), ("2001:4:112::1", true),
            ("2001:10::1", true), ("2001:20::1", true), ("2001:30::1", true),
            ("2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", true),
            ("2001:200::", false), ("2001:4860:4860::8888", false),
            ("2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", false), ("2001:db8::", true),
            ("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", true), ("2001:db9::", false),
            ("2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false),
            ("2002::", true), ("2002:808:808::1", true), ("2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true),
            ("2003::", false),
            ("2620:4f:7fff:ffff:ffff:ffff:ffff:ffff", false), ("2620:4f:8000::", true),
            ("2620:4f:8000:ffff:ffff:ffff:ffff:ffff", true),
            ("2620:4f:8001::", false), ("3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false), ("3fff::", true),
            ("3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", true), ("3fff:1000::", false),
            ("3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false),
            ("4000::", true), ("5f00::1", true), ("8000::", true), ("fbff::1", true), ("fc00::", true),
            ("fd00:ec2::254", true), ("fdff::1", true),
            ("fe00::1", true), ("fe80::1", true), ("febf::1", true), ("fec0::1", true), ("ff02::1", true),
            ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true),
        ]
    )
    func v6(text: String, isDenied: Bool) throws {
        #expect(try verdict(strict, text).isDenied == isDenied)
    }

    @Test(
        "a refusal names the closest entry",
        arguments: [
            ("10.1.2.3", "10.0.0.0/8 (Private-Use, RFC 1918)"),
            ("192.0.0.170", "192.0.0.170/32 (NAT64/DNS64 Discovery, RFC 8880, RFC 7050 §2.2)"),
            ("192.0.0.5", "192.0.0.0/29 (IPv4 Service Continuity Prefix, RFC 7335)"),
            ("2001::1", "2001::/32 (TEREDO, RFC 4380, RFC 8190)"),
            ("255.255.255.255", "255.255.255.255/32 (Limited Broadcast, RFC 8190, RFC 919 §7)"),
            ("2001:5::", "2001::/23 (IETF Protocol Assignments, RFC 2928)"),
            ("4000::", "::/0 (not allocated as global unicast, RFC 4291 §2.4)"),
            ("64:ff9b::808:808", "64:ff9b::/96 (IPv4-IPv6 Translat., RFC 6052)"),
            (
                "169.254.169.254",
                "169.254.169.254/32 (cloud metadata, AWS, Azure, Google Cloud, Oracle Cloud and others)"
            ),
            ("::ffff:127.0.0.1", "127.0.0.0/8 (Loopback, RFC 1122 §3.2.1.3)"),
        ]
    )
    func names(text: String, expected: String) throws {
        guard case .deny(let block) = try verdict(strict, text) else {
            Issue.record("\(text) is not denied")
            return
        }
        #expect(block.description == expected)
    }

    @Test(
        "private networks are opened and nothing beside them",
        arguments: [
            ("10.0.0.0", false), ("10.255.255.255", false), ("172.16.0.0", false), ("172.31.255.255", false),
            ("192.168.0.1", false), ("100.64.0.0", false),
            ("100.127.255.255", false), ("fc00::", false), ("fdff::1", false), ("::ffff:10.0.0.1", false),
            ("8.8.8.8", false),
            ("127.0.0.1", true), ("::1", true), ("169.254.1.1", true), ("fe80::1", true), ("fec0::1", true),
            ("192.0.2.1", true), ("198.18.0.1", true),
            ("0.0.0.0", true), ("224.0.0.1", true), ("64:ff9b::a00:1", true), ("2002:a00:1::1", true),
            ("100.100.100.200", true),
            ("fd00:ec2::254", true), ("fd00:ec2::253", true), ("fd00:ec2::23", true), ("fd20:ce::254", true),
            ("fd00:42::42", true),
            ("100.100.100.199", false), ("100.100.100.201", false), ("fd00:ec2::255", false),
        ]
    )
    func opensPrivateNetworks(text: String, isDenied: Bool) throws {
        #expect(try verdict(privateNetworks, text).isDenied == isDenied)
    }

    @Test(
        "loopback is opened and nothing beside it",
        arguments: [
            ("127.0.0.0", false), ("127.0.0.1", false), ("127.255.255.255", false), ("::1", false),
            ("::ffff:127.0.0.1", false),
            ("10.0.0.1", true), ("0.0.0.0", true), ("::", true), ("::2", true), ("::127.0.0.1", true),
            ("169.254.169.254", true), ("192.168.0.1", true),
            ("64:ff9b::7f00:1", true), ("2002:7f00:1::", true), ("8.8.8.8", false),
        ]
    )
    func opensLoopback(text: String, isDenied: Bool) throws {
        #expect(try verdict(loopback, text).isDenied == isDenied)
    }

    @Test("what an operator opened is allowed by name")
    func allowsByOperator() throws {
        let registered = try #require(AddressBlock("10.0.0.0/8", name: "Private-Use", source: "RFC 1918"))
        #expect(try verdict(privateNetworks, "10.1.1.1") == .allowByOperator(registered))
        #expect(try verdict(privateNetworks, "8.8.8.8") == .allow)
        let own = try #require(AddressBlock("169.254.10.0/24"))
        let rule = AddressRule(allowed: [own])
        #expect(try verdict(rule, "169.254.10.1") == .allowByOperator(own))
        #expect(try verdict(rule, "169.254.11.1").isDenied)
    }

    @Test(
        "nothing opens metadata services, multicast, reserved and unspecified addresses",
        arguments: [
            "169.254.169.254", "169.254.169.253", "169.254.170.2", "169.254.170.23", "169.254.42.42",
            "169.254.0.23", "100.100.100.200",
            "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd00:ec2::253", "fd00:ec2::23", "fd20:ce::254",
            "fd00:42::42", "fe80::a9fe:a9fe",
            "0.0.0.0", "0.1.2.3", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "::",
            "ff02::1", "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe", "::a9fe:a9fe", "2002:a9fe:a9fe::1", "64:ff9b::e000:1", "64:ff9b::",
        ]
    )
    func neverOpens(text: String) throws {
        let rule = AddressRule(
            allowPrivateNetworks: true,
            allowLoopback: true,
            allowed: [try #require(AddressBlock("0.0.0.0/0")), try #require(AddressBlock("::/0"))]
        )
        #expect(try verdict(rule, text).isDenied)
        for near in [
            "8.8.8.8", "10.0.0.1", "127.0.0.1", "::1", "2003::1", "64:ff9b::808:808", "169.254.169.255",
        ] {
            #expect(try !verdict(rule, near).isDenied, "\(near)")
        }
    }

    @Test("what an operator closes is closed, opened or not, translated or not")
    func closesByOperator() throws {
        let own = try #require(AddressBlock("8.8.8.0/24"))
        let rule = AddressRule(
            allowed: [try #require(AddressBlock("8.8.8.8")), try #require(AddressBlock("64:ff9b::/96"))],
            denied: [own]
        )
        for text in ["8.8.8.0", "8.8.8.8", "8.8.8.255", "::ffff:8.8.8.8", "64:ff9b::808:808"] {
            #expect(try verdict(rule, text) == .deny(own), "\(text)")
        }
        for text in ["8.8.7.255", "8.8.9.0", "64:ff9b::808:908"] {
            #expect(try !verdict(rule, text).isDenied, "\(text)")
        }
    }

    @Test(
        "port 0 is denied, the others are not judged",
        arguments: [(0, true), (1, false), (443, false), (65535, false)] as [(UInt16, Bool)]
    )
    func ports(port: UInt16, isDenied: Bool) throws {
        let address = try #require(IPAddress("8.8.8.8"))
        #expect(strict.verdict(on: address, port: port).isDenied == isDenied)
    }
}
