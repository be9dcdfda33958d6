import DeliveryPolicy
import Testing

@Suite("Host patterns")
struct HostPatternTests {
    @Test(
        "a name is itself alone, a wildcard every name below",
        arguments: [
            ("rp.example.com", "https://rp.example.com/", true),
            ("RP.Example.COM", "https://rp.EXAMPLE.com/", true),
            ("rp.example.com", "https://a.rp.example.com/", false),
            ("rp.example.com", "https://example.com/", false),
            ("rp.example.com", "https://xrp.example.com/", false),
            ("rp.example.com", "https://rp.example.com.evil/", false),
            ("*.example.com", "https://rp.example.com/", true),
            ("*.example.com", "https://a.b.c.Example.com/", true),
            ("*.example.com", "https://example.com/", false),
            ("*.example.com", "https://xexample.com/", false),
            ("*.example.com", "https://rp.example.com.evil/", false), ("*.com", "https://a.com/", true),
            ("*.com", "https://com/", false), ("rp", "https://rp/", true),
            ("1.2.3.4", "https://1.2.3.4/", true), ("1.2.3.4", "https://1.2.3.5/", false),
            ("1.2.3.4", "https://[::ffff:1.2.3.4]/", true), ("[::ffff:102:304]", "https://1.2.3.4/", true),
            ("[2001:DB8::1]", "https://[2001:db8:0::1]/", true),
            ("[2001:db8::1]", "https://[2001:db8::2]/", false),
            ("*.example.com", "https://1.2.3.4/", false),
            ("xn--bcher-kva.example", "https://XN--Bcher-kva.example/", true),
        ]
    )
    func matches(pattern: String, uri: String, expected: Bool) throws {
        #expect(try #require(HostPattern(pattern)).matches(LogoutURI(uri).host) == expected)
    }

    @Test(
        "what is not quite a host is no pattern",
        arguments: [
            "", "*", "*.", "*.*.example.com", "a.*.example.com", "*example.com", "rp.example.com.",
            "*.example.com.",
            ".example.com", "rp..example.com", "rp.example.com:443", "*.example.com:1",
            "https://rp.example.com",
            "rp.example.com/", "user@rp.example.com", "127.1", "0x7f.1", "*.1.2.3.4", "1.2.3.4/32", "::1",
            "[::1", "[::1%25a]",
            "[::1]:443", "rp example.com", " rp.example.com", "b\u{FC}cher.example", "rp%2eexample.com",
            "\u{0}",
            "-a.example", String(repeating: "a", count: 64),
        ]
    )
    func refuses(text: String) {
        #expect(HostPattern(text) == nil)
    }

    @Test("it is written in lower case, and at most 255 bytes long")
    func text() throws {
        for text in ["rp.example.com", "*.example.com", "1.2.3.4", "[2001:db8::1]"] {
            #expect(HostPattern(text.uppercased())?.description == text)
        }
        let label = String(repeating: "a", count: 63)
        let host = [label, label, label, String(label.dropLast(2))].joined(separator: ".")
        #expect(HostPattern("*." + host)?.description.utf8.count == HostPattern.maximumBytes)
        #expect(HostPattern(host + "a") == nil)
    }
}
