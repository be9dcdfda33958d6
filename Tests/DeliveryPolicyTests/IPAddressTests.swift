import DeliveryPolicy
import Testing

@Suite("IP addresses")
struct IPAddressTests {
    @Test(
        "dotted decimal has one reading",
        arguments: [
            ("0.0.0.0", 0), ("127.0.0.1", 0x7F00_0001), ("255.255.255.255", 0xFFFF_FFFF),
            ("1.2.3.4", 0x0102_0304),
            ("256.0.0.1", nil), ("1.2.3", nil), ("1.2.3.4.5", nil), ("1.2.3.", nil), (".1.2.3", nil),
            ("1..2.3", nil),
            ("01.2.3.4", nil), ("1.2.3.00", nil), ("0177.0.0.1", nil), ("0x7f.0.0.1", nil),
            ("2130706433", nil), ("127.1", nil),
            ("1.2.3.4 ", nil), (" 1.2.3.4", nil), ("1.2.3.4\0", nil), ("+1.2.3.4", nil), ("-1.2.3.4", nil),
            ("", nil),
            ("\u{FF11}.2.3.4", nil), ("1.2.3.4.", nil), ("1.2.3.1000", nil), ("1.2.3.999", nil),
        ] as [(String, UInt32?)]
    )
    func dotted(text: String, value: UInt32?) {
        #expect(IPAddress(text) == value.map(IPAddress.init(v4:)))
    }

    @Test(
        "IPv6 has one reading",
        arguments: [
            ("::", 0, 0), ("::1", 0, 1), ("1::", 0x1_0000_0000_0000, 0),
            ("2001:DB8::A", 0x2001_0DB8_0000_0000, 0xA),
            ("1:2:3:4:5:6:7:8", 0x0001_0002_0003_0004, 0x0005_0006_0007_0008),
            ("1:2:3:4:5:6:7::", 0x0001_0002_0003_0004, 0x0005_0006_0007_0000),
            ("::2:3:4:5:6:7:8", 0x0000_0002_0003_0004, 0x0005_0006_0007_0008),
            ("::ffff:1.2.3.4", 0, 0xFFFF_0102_0304),
            ("64:ff9b::1.2.3.4", 0x0064_FF9B_0000_0000, 0x0102_0304),
            ("1:2:3:4:5:6:1.2.3.4", 0x0001_0002_0003_0004, 0x0005_0006_0102_0304),
            ("0001:0002::", 0x0001_0002_0000_0000, 0), ("::1.2.3.4", 0, 0x0102_0304),
        ] as [(String, UInt64, UInt64)]
    )
    func colons(text: String, high: UInt64, low: UInt64) {
        #expect(IPAddress(text) == IPAddress(v6High: high, v6Low: low))
    }

    @Test(
        "what is not quite IPv6 is refused",
        arguments: [
            ":", ":::", "1", "1:", ":1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8:",
            ":1:2:3:4:5:6:7:8", "1::2::3",
            "1:2:3:4::5:6:7:8", "::1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8::", "12345::", "::00001", "::g",
            "::1%eth0", "::1%25eth0", "[::1]",
            "1.2.3.4::", "::1.2.3.4:5", "::1.2.3", "::01.2.3.4", "::256.1.1.1", "1:2:3:4:5:6:7:1.2.3.4",
            "::-1", ":: 1", "::\u{FF11}",
            "1.2.3.4::1", "::ffff:0x7f.1", "0:0:0:0:0:0:0:0:0::",
        ]
    )
    func refuses(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(
        "the text is that of RFC 5952",
        arguments: [
            ("0.0.0.0", "0.0.0.0"), ("10.20.30.255", "10.20.30.255"), ("::", "::"),
            ("0:0:0:0:0:0:0:1", "::1"), ("1:0:0:0:0:0:0:0", "1::"),
            ("2001:DB8:0:0:0:0:2:1", "2001:db8::2:1"), ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
            ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"), ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
            ("0:0:1:2:3:4:5:6", "::1:2:3:4:5:6"),
            ("1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"), ("0:1:2:3:4:5:6:7", "0:1:2:3:4:5:6:7"),
            ("::ffff:102:304", "::ffff:1.2.3.4"),
            ("::102:304", "::102:304"), ("64:ff9b::1.2.3.4", "64:ff9b::102:304"),
        ]
    )
    func writes(text: String, expected: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.description == expected)
        #expect(IPAddress(expected) == address)
    }

    @Test("bytes are in network order, four or sixteen of them")
    func readsBytes() {
        #expect(IPAddress(bytes: [1, 2, 3, 4]) == IPAddress("1.2.3.4"))
        #expect(IPAddress(bytes: (1...16).map(UInt8.init)) == IPAddress("102:304:506:708:90a:b0c:d0e:f10"))
        for count in [0, 3, 5, 15, 17] { #expect(IPAddress(bytes: Array(repeating: 0, count: count)) == nil) }
    }

    @Test(
        "only IPv4-mapped addresses are unmapped",
        arguments: [
            ("::ffff:127.0.0.1", "127.0.0.1"), ("::ffff:0.0.0.0", "0.0.0.0"),
            ("::ffff:255.255.255.255", "255.255.255.255"),
            ("::fffe:127.0.0.1", "::fffe:127.0.0.1"), ("::1:0:0", "::1:0:0"), ("::127.0.0.1", "::127.0.0.1"),
            ("1::ffff:1.2.3.4", "1::ffff:1.2.3.4"),
            ("1.2.3.4", "1.2.3.4"),
        ]
    )
    func unmaps(text: String, expected: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.unmapped == IPAddress(expected))
    }

    @Test("an address and its mapped form are two")
    func mappedIsAnother() {
        #expect(IPAddress("::ffff:1.2.3.4") != IPAddress("1.2.3.4"))
    }

    @Test(
        "loopback is 127/8 and ::1",
        arguments: [
            ("126.255.255.255", false), ("127.0.0.0", true), ("127.255.255.255", true), ("128.0.0.0", false),
            ("::", false), ("::1", true),
            ("::2", false), ("::ffff:127.0.0.1", true), ("::127.0.0.1", false), ("1::1", false),
            ("0.0.0.1", false),
        ]
    )
    func loopback(text: String, expected: Bool) throws {
        #expect(try #require(IPAddress(text)).isLoopback == expected)
    }
}
