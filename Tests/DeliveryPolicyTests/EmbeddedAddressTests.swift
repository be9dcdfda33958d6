import DeliveryPolicy
import Testing

@Suite("IPv4 addresses inside IPv6 addresses")
struct EmbeddedAddressTests {
    private func isDenied(_ text: String, opening cidrs: String...) throws -> Bool {
        let rule = AddressRule(allowed: try cidrs.map { try #require(AddressBlock($0)) })
        return rule.verdict(on: try #require(IPAddress(text)), port: 443).isDenied
    }

    @Test(
        "an opened translator or tunnel leads to public addresses and to no others",
        arguments: [
            // NAT64's well-known prefix
            ("64:ff9b::/96", "64:ff9b::808:808", "64:ff9b::a00:1"),
            ("64:ff9b::/96", "64:ff9b::101:101", "64:ff9b::7f00:1"),
            ("64:ff9b::/96", "64:ff9b::8.8.8.8", "64:ff9b::192.168.0.1"),
            ("64:ff9b::/96", "64:ff9b::a9ff:0", "64:ff9b::169.254.169.254"),
            // NAT64 under its local-use prefix, 96, 64, 56 and 48 bits
            ("64:ff9b:1:fffe::/96", "64:ff9b:1:fffe::808:808", "64:ff9b:1:fffe::a00:1"),
            ("64:ff9b:1::/64", "64:ff9b:1:0:8:808:800:0", "64:ff9b:1:0:a:0:100:0"),
            ("64:ff9b:1:ab00::/56", "64:ff9b:1:ab08:8:808::", "64:ff9b:1:ab0a:0:1::"),
            ("64:ff9b:1::/48", "64:ff9b:1:808:8:800::", "64:ff9b:1:a9fe:a9:fe00::"),
            // 6to4, Teredo by its server and by its client
            ("2002::/16", "2002:808:808::1", "2002:a00:1::1"),
            ("2001::/32", "2001:0:808:808:0:1:f7f7:f7f7", "2001:0:a00:1:0:1:f7f7:f7f7"),
            ("2001::/32", "2001:0:808:808:0:1:f7f7:f7f6", "2001:0:808:808:0:1:f5ff:fffe"),
            // IPv4-compatible, IPv4-translated
            ("::/96", "::8.8.8.8", "::10.0.0.1"), ("::/96", "::808:809", "::7f00:1"),
            ("::ffff:0:0:0/96", "::ffff:0:808:808", "::ffff:0:a00:1"),
            ("::ffff:0:0:0/96", "::ffff:0:808:808", "::ffff:0:a9fe:a9fe"),
        ]
    )
    func opened(cidr: String, open: String, closed: String) throws {
        #expect(try !isDenied(open, opening: cidr), "\(open)")
        #expect(try isDenied(closed, opening: cidr), "\(closed)")
        #expect(try isDenied(open))
    }

    @Test("what stands behind the prefix of a local translator and is no IPv4 address is denied")
    func malformed() throws {
        for (cidr, text) in [
            ("64:ff9b:1::/48", "64:ff9b:1:808:8:800:a9fe:a9fe"),
            ("64:ff9b:1::/48", "64:ff9b:1:808:108:800::"),
            ("64:ff9b:1::/48", "64:ff9b:1:808:8:801::"), ("64:ff9b:1::/64", "64:ff9b:1:0:8:808:800:1"),
            ("64:ff9b:1::/56", "64:ff9b:1:8:8:808:1::"), ("64:ff9b:1::/48", "64:ff9b:1::808:808"),
        ] {
            #expect(try isDenied(text, opening: cidr), "\(text)")
        }
    }

    @Test("ISATAP is judged under every prefix, and ordinary addresses that look a little like it are not")
    func isatap() throws {
        for (text, expected) in [
            ("2003::5efe:10.0.0.1", true), ("2003::200:5efe:127.0.0.1", true),
            ("2003::5efe:169.254.169.254", true),
            ("2003::5efe:8.8.8.8", false), ("2003::200:5efe:808:808", false), ("2003::5eff:a00:1", false),
            ("2003::1:5efe:a00:1", false), ("2003::a00:1", false),
        ] {
            #expect(try isDenied(text) == expected, "\(text)")
        }
    }

    @Test("private addresses behind a translator are open where both are")
    func both() throws {
        #expect(try !isDenied("64:ff9b::10.0.0.1", opening: "64:ff9b::/96", "10.0.0.0/8"))
        #expect(try isDenied("64:ff9b::10.0.0.1", opening: "10.0.0.0/8"))
        #expect(try isDenied("64:ff9b::169.254.169.254", opening: "64:ff9b::/96", "169.254.0.0/16"))
    }

    @Test(
        "forms that the registry does not list are closed by name, and can be opened one by one",
        arguments: [
            ("::8.8.8.8", "::/96 (IPv4-compatible, RFC 4291 §2.5.5.1)"),
            ("::ffff:0:808:808", "::ffff:0:0:0/96 (IPv4-translated, RFC 2765 §2.1)"),
            ("fec0::1", "fec0::/10 (Site-Local Unicast, RFC 3879)"),
        ]
    )
    func unlisted(text: String, block: String) throws {
        let address = try #require(IPAddress(text))
        guard case .deny(let found) = AddressRule().verdict(on: address, port: 443) else {
            Issue.record("\(text) is allowed")
            return
        }
        #expect(found.description == block)
        #expect(try !isDenied(text, opening: found.cidr))
    }
}
