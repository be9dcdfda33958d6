import DeliveryPolicy
import Testing

@Suite("Logout URIs")
struct LogoutURITests {
    @Test(
        "a URI is taken apart, and kept as it is",
        arguments: [
            ("https://rp.example.com", "https", "rp.example.com", 443, "https://rp.example.com"),
            ("https://rp.example.com/", "https", "rp.example.com", 443, "https://rp.example.com"),
            (
                "HTTPS://RP.Example.com:8443/A%2Fb?x=%e9&y[]=1", "https", "rp.example.com", 8443,
                "https://rp.example.com:8443"
            ),
            ("https://rp.example.com?x=a:b@c/d?e", "https", "rp.example.com", 443, "https://rp.example.com"),
            (
                "https://rp.example.com/a@b:c/../d//;,=+$&'()*!~._-", "https", "rp.example.com", 443,
                "https://rp.example.com"
            ),
            ("https://rp.example.com:443/x", "https", "rp.example.com", 443, "https://rp.example.com"),
            ("http://localhost:443/", "http", "localhost", 443, "http://localhost:443"),
            ("hTTp://localhost/", "http", "localhost", 80, "http://localhost"),
            ("https://127.0.0.1:1/", "https", "127.0.0.1", 1, "https://127.0.0.1:1"),
            ("https://[2001:DB8::1]:65535/", "https", "[2001:db8::1]", 65535, "https://[2001:db8::1]:65535"),
            ("https://[::ffff:1.2.3.4]", "https", "[::ffff:1.2.3.4]", 443, "https://[::ffff:1.2.3.4]"),
            (
                "https://xn--bcher-kva.example/", "https", "xn--bcher-kva.example", 443,
                "https://xn--bcher-kva.example"
            ),
            ("https://my_rp.internal/", "https", "my_rp.internal", 443, "https://my_rp.internal"),
            ("https://0a.1b/", "https", "0a.1b", 443, "https://0a.1b"),
            ("https://1.2.3.4a/", "https", "1.2.3.4a", 443, "https://1.2.3.4a"),
            ("https://0xg/", "https", "0xg", 443, "https://0xg"),
            ("https://1.example/", "https", "1.example", 443, "https://1.example"),
        ] as [(String, String, String, UInt16, String)]
    )
    func reads(text: String, scheme: String, host: String, port: UInt16, origin: String) throws {
        let uri = try LogoutURI(text)
        #expect(uri.text == text)
        #expect(uri.scheme == scheme)
        #expect(uri.host.description == host)
        #expect(uri.port == port)
        #expect(uri.origin == origin)
        #expect(uri.isSecure == (scheme == "https"))
    }

    @Test("an address is told from a name")
    func tellsAddresses() throws {
        #expect(try LogoutURI("https://1.2.3.4/").host == .address(IPAddress(v4: 0x0102_0304)))
        #expect(try LogoutURI("https://[::1]/").host == .address(IPAddress(v6High: 0, v6Low: 1)))
        #expect(try LogoutURI("https://a.b/").host == .name("a.b"))
    }

    @Test(
        "the form of the whole",
        arguments: [
            ("", LogoutURIError.notAbsolute), ("rp.example.com", .notAbsolute), ("/logout", .notAbsolute),
            ("//rp.example.com/", .notAbsolute),
            ("https:", .notAbsolute), ("https:/", .notAbsolute), ("https:/rp.example.com", .notAbsolute),
            ("https:rp.example.com", .notAbsolute),
            ("://rp.example.com", .notAbsolute), ("1https://rp.example.com", .notAbsolute),
            ("ht_tps://rp.example.com", .notAbsolute),
            ("ftp://rp.example.com", .unsupportedScheme), ("file:///etc/passwd", .unsupportedScheme),
            ("httpss://rp.example.com", .unsupportedScheme),
            ("javascript://rp.example.com", .unsupportedScheme),
            ("h+ttp://rp.example.com", .unsupportedScheme),
            ("https://user@rp.example.com/", .userinfo), ("https://@rp.example.com/", .userinfo),
            ("https://u:p@rp.example.com/", .userinfo),
            ("https://rp.example.com@evil.example/", .userinfo), ("https://rp.example.com#", .fragment),
            ("https://rp.example.com/#a", .fragment),
            ("https://rp.example.com/?a#", .fragment), ("https://rp.example.com#@evil.example/", .fragment),
            ("https://", .emptyHost), ("https:///", .emptyHost), ("https://?x", .emptyHost),
            ("https://:443/", .emptyHost),
        ]
    )
    func form(text: String, expected: LogoutURIError) {
        #expect(throws: expected) { try LogoutURI(text) }
    }

    @Test("characters that have no place in a URI are refused wherever they stand")
    func forbidsCharacters() {
        let forbidden = Array(0x00...0x20) + [0x7F] + Array("\\<>\"{}|^`".utf8)
        for byte in forbidden {
            for template in [
                "*https://h.example/", "https://h*.example/", "https://h.example/a*b",
                "https://h.example/?a*",
            ] {
                let offset = template.utf8.distance(
                    from: template.startIndex,
                    to: template.firstIndex(of: "*") ?? template.startIndex
                )
                let text = template.replacing("*", with: String(Unicode.Scalar(byte)))
                #expect(throws: LogoutURIError.forbiddenCharacter(byte, offset: offset)) {
                    try LogoutURI(text)
                }
            }
        }
    }

    @Test("every other ASCII character may stand in a path")
    func allowsTheRest() throws {
        let forbidden = Set("\\<>\"{}|^`#%".utf8)
        for byte in UInt8(0x21)...0x7E where !forbidden.contains(byte) {
            #expect(throws: Never.self) { try LogoutURI("https://h.example/" + String(Unicode.Scalar(byte))) }
        }
    }

    @Test(
        "only ASCII",
        arguments: [
            ("https://b\u{FC}cher.example/", 9), ("https://h.example/\u{E9}", 18),
            ("https://h\u{3002}example/", 9), ("https://\u{FF11}27.0.0.1/", 8),
            ("\u{FEFF}https://h.example/", 0), ("https://h.example/\u{80}", 18),
        ]
    )
    func refusesNonASCII(text: String, offset: Int) {
        #expect(throws: LogoutURIError.notASCII(offset: offset)) { try LogoutURI(text) }
    }

    @Test(
        "a percent sign is followed by two hexadecimal digits, and stands in no host",
        arguments: [
            ("https://h.example/%", LogoutURIError.badPercentEncoding(offset: 18)),
            ("https://h.example/%4", .badPercentEncoding(offset: 18)),
            ("https://h.example/%4g", .badPercentEncoding(offset: 18)),
            ("https://h.example/%g4", .badPercentEncoding(offset: 18)),
            ("https://h.example/?%41%", .badPercentEncoding(offset: 22)),
            ("https://h.example/%%41", .badPercentEncoding(offset: 18)),
            ("https://h.example/%u0041", .badPercentEncoding(offset: 18)),
            ("https://%68.example/", .percentInHost),
            ("https://127.0.0%2e1/", .percentInHost), ("https://h.example%00.evil/", .percentInHost),
            ("https://h.example%2Fa@b/", .userinfo),
        ]
    )
    func percentEncoding(text: String, expected: LogoutURIError) {
        #expect(throws: expected) { try LogoutURI(text) }
    }

    @Test(
        "a host that ends in a number is four decimal numbers",
        arguments: [
            "1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0X7F000001", "0x7f.0.0.1", "0177.0.0.1",
            "017700000001", "127.0.0.01", "127.0.0.256",
            "256.0.0.1", "1.2.3.4.5", "a.1", "rp.example.0x1", "rp.example.0x", "rp.example.007", "rp.0X1f",
            "0x", "0", "00", "99999999999", "1.2.3.0x4", "127.0.0.0x1", "0300.0250.0.1", "127.0x1",
            "1.2.3.08", "1.2.3.4.0x",
        ]
    )
    func refusesNumbers(host: String) {
        #expect(throws: LogoutURIError.badIPv4) { try LogoutURI("https://\(host)/") }
    }

    @Test(
        "brackets hold an IPv6 address and nothing follows them but a port",
        arguments: [
            "[", "[]", "[::1", "[:::1]", "[127.0.0.1]", "[v1.a]", "[::1%25eth0]", "[fe80::1%41]", "[::g]",
            "[::1]a", "[::1].example", "[::1]]", "[[::1]]",
            "[::1][::1]", "[1:2:3:4:5:6:7]", "[1:2:3:4:5:6:7:8:9]", "[1:2:3:4:5:6:7:8::]", "[1::2::3]",
            "[:::]", "[:1]",
            "[1:]", "[12345::]", "[::1.2.3]", "[::1.2.3.4.5]", "[::01.2.3.4]", "[::1.2.3.4:5]", "[1.2.3.4::]",
            "[::0x1]",
            "[::1%25]", "[fe80::1%25lo]", "[::1].", "[::ffff:127.1]", "[::ffff:0x7f.0.0.1]",
        ]
    )
    func refusesBrackets(host: String) {
        #expect(throws: LogoutURIError.badIPv6) { try LogoutURI("https://\(host)/") }
    }

    @Test(
        "labels are letters, digits, hyphens and underscores, with no hyphen at either end",
        arguments: [
            ("a..b", LogoutURIError.badLabel("")), (".a", .badLabel("")), ("-a.example", .badLabel("-a")),
            ("a-.example", .badLabel("a-")),
            ("a.-", .badLabel("-")), ("a!b.example", .badLabel("a!b")), ("a,b.example", .badLabel("a,b")),
            ("a*.example", .badLabel("a*")),
            ("a]b.example", .badLabel("a]b")), ("a.", .trailingDot), ("127.0.0.1.", .trailingDot),
            (".", .trailingDot), ("a..", .trailingDot), ("localhost.", .trailingDot),
            ("xn--", .badLabel("xn--")), ("xn--localhost-", .badLabel("xn--localhost-")),
            ("*.example", .badLabel("*")),
        ]
    )
    func labels(host: String, expected: LogoutURIError) {
        #expect(throws: expected) { try LogoutURI("https://\(host)/") }
    }

    @Test(
        "a port is 1 to 65535",
        arguments: [
            ("1", true), ("65535", true), ("0", false), ("65536", false), ("", false), ("080", false),
            ("+1", false), ("-1", false), ("1a", false), ("1:1", false), ("99999999999999999999", false),
        ]
    )
    func ports(port: String, isAllowed: Bool) throws {
        for host in ["h.example", "1.2.3.4", "[::1]"] {
            let text = "https://\(host):\(port)/"
            if isAllowed {
                #expect(try LogoutURI(text).port == UInt16(port))
            } else {
                #expect(throws: LogoutURIError.badPort) { try LogoutURI(text) }
            }
        }
    }

    @Test("lengths: 2,048 for the URI, 253 for the host, 63 for a label")
    func lengths() throws {
        func uri(_ count: Int) -> String { "https://h.example/" + String(repeating: "a", count: count - 18) }
        #expect(try LogoutURI(uri(2048)).text.utf8.count == 2048)
        #expect(throws: LogoutURIError.tooLong(bytes: 2049)) { try LogoutURI(uri(2049)) }

        let label = String(repeating: "a", count: 63)
        #expect(try LogoutURI("https://\(label).example/").port == 443)
        #expect(throws: LogoutURIError.badLabel(label + "a")) { try LogoutURI("https://\(label)a.example/") }

        let host = [label, label, label, String(label.dropLast(2))].joined(separator: ".")
        #expect(host.utf8.count == 253)
        #expect(try LogoutURI("https://\(host)/").host == .name(host))
        #expect(throws: LogoutURIError.hostTooLong(bytes: 254)) { try LogoutURI("https://\(host)a/") }
    }

    @Test(
        "loopback is localhost and loopback addresses",
        arguments: [
            ("http://localhost/", true), ("http://LOCALHOST/", true), ("http://127.8.9.1/", true),
            ("http://[::1]/", true), ("http://[::ffff:127.0.0.1]/", true),
            ("http://localhost.example/", false), ("http://a.localhost/", false),
            ("http://128.0.0.1/", false), ("http://[::2]/", false),
        ]
    )
    func loopback(text: String, expected: Bool) throws {
        #expect(try LogoutURI(text).isLoopback == expected)
    }

    @Test("two URIs are the same only byte for byte")
    func equality() throws {
        #expect(try LogoutURI("https://h.example/") == LogoutURI("https://h.example/"))
        #expect(try LogoutURI("https://h.example/") != LogoutURI("https://H.example/"))
    }

    @Test("every error says its rule in one sentence")
    func rules() {
        let errors: [LogoutURIError] = [
            .tooLong(bytes: 1), .notASCII(offset: 0), .forbiddenCharacter(0x5C, offset: 3),
            .badPercentEncoding(offset: 0), .notAbsolute,
            .unsupportedScheme, .userinfo, .fragment, .emptyHost, .hostTooLong(bytes: 1), .percentInHost,
            .trailingDot, .badLabel(""), .badIPv4, .badIPv6,
            .badPort,
        ]
        for error in errors { #expect(error.rule.hasSuffix(".")) }
        #expect(Set(errors.map(\.rule)).count == errors.count)
        #expect(
            LogoutURIError.forbiddenCharacter(0x5C, offset: 3).rule
                == "The URI must not contain byte 0x5c, found at offset 3."
        )
    }
}
