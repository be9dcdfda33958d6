import Settings
import Testing

@Suite("Settings: proxy addresses")
struct ProxyAddressTests {
    @Test(
        "a scheme, a host and a port",
        arguments: [
            ("http://proxy:3128", false, "proxy", 3_128),
            ("https://proxy.example.com:1/", true, "proxy.example.com", 1),
            ("http://10.0.0.1:65535", false, "10.0.0.1", 65_535),
            ("https://[fd00::1]:443", true, "fd00::1", 443),
        ] as [(String, Bool, String, UInt16)]
    )
    func good(text: String, isSecure: Bool, host: String, port: UInt16) throws {
        let address = try #require(ProxyAddress(text))
        #expect(address.isSecure == isSecure)
        #expect(address.host == host)
        #expect(address.port == port)
        #expect(ProxyAddress(address.description) == address)
    }

    @Test(
        "and nothing else",
        arguments: [
            "", "proxy:3128", "socks5://proxy:1080", "HTTP://proxy:3128", "http://proxy", "http://proxy:0",
            "http://proxy:65536", "http://user:pw@proxy:3128", "http://proxy:3128/path",
            "http://proxy:3128//",
            "http://:3128", "http://127.1:3128", "http://unix:/run/proxy", "http://a b:1",
            "https://[::1%lo]:1", "https://",
        ]
    )
    func bad(text: String) {
        #expect(ProxyAddress(text) == nil)
    }
}
