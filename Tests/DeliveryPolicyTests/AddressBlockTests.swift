import DeliveryPolicy
import Testing

@Suite("Address blocks")
struct AddressBlockTests {
    @Test(
        "a block has its first and last address, and not the ones beside them",
        arguments: [
            ("10.0.0.0/8", "9.255.255.255", false), ("10.0.0.0/8", "10.0.0.0", true),
            ("10.0.0.0/8", "10.255.255.255", true),
            ("10.0.0.0/8", "11.0.0.0", false), ("1.2.3.4/32", "1.2.3.4", true),
            ("1.2.3.4/32", "1.2.3.5", false), ("1.2.3.4", "1.2.3.3", false),
            ("0.0.0.0/0", "255.255.255.255", true), ("0.0.0.0/0", "::", false), ("::/0", "0.0.0.0", false),
            ("::/0", "ffff::ffff", true),
            ("2001:db8::/32", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", false),
            ("2001:db8::/32", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", true),
            ("2001:db8::/32", "2001:db9::", false), ("1:2:3:4::/64", "1:2:3:4:ffff:ffff:ffff:ffff", true),
            ("1:2:3:4::/64", "1:2:3:5::", false),
            ("1:2:3:4::/63", "1:2:3:5:ffff:ffff:ffff:ffff", true), ("1:2:3:4::/63", "1:2:3:6::", false),
            ("1:2:3:4:8000::/65", "1:2:3:4:8000::", true),
            ("1:2:3:4:8000::/65", "1:2:3:4:7fff:ffff:ffff:ffff", false),
            ("::1/128", "::1", true), ("::1/128", "::", false), ("::1", "::2", false),
            ("10.0.0.0/8", "::ffff:10.0.0.1", false),
        ]
    )
    func contains(cidr: String, address: String, expected: Bool) throws {
        let block = try #require(AddressBlock(cidr))
        #expect(block.contains(try #require(IPAddress(address))) == expected)
    }

    @Test(
        "a block that is not quite one is refused",
        arguments: [
            "", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/08",
            "10.0.0.0/8/8", "10.0.0.0/ 8",
            "10.0.0.1/8", "10/8", "::/129", "::1/127", "2001:db8::1/64", "fe80::%1/64", "10.0.0.0/255.0.0.0",
            "localhost",
            "10.0.0.0/99999999999999999999",
        ]
    )
    func refuses(cidr: String) {
        #expect(AddressBlock(cidr) == nil)
    }

    @Test("a block explains itself")
    func describes() {
        let block = AddressBlock("10.0.0.0/8", name: "Private-Use", source: "RFC 1918")
        #expect(block?.description == "10.0.0.0/8 (Private-Use, RFC 1918)")
        #expect(AddressBlock("::1")?.description == "::1/128 (operator's list, configuration)")
    }
}
