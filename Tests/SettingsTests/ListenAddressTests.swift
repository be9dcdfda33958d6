import Settings
import Testing

@Suite("Listen address")
struct ListenAddressTests {
    @Test(
        "an address prints as it was written",
        arguments: [
            "127.0.0.1:8080", "0.0.0.0:0", "[::1]:65535", "[2001:db8::1]:443", "localhost:1",
            "api.internal.example:8080", "unix:/run/lastcall.sock",
        ]
    )
    func roundTrip(text: String) {
        #expect(ListenAddress(text)?.description == text)
    }

    @Test(
        "what is no address is refused",
        arguments: [
            "", ":8080", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1",
            "127.0.0.1:000080", "127.1:8080", "256.0.0.1:80", "0177.0.0.1:80", "::1:8080", "[::1]",
            "[::1%lo]:80",
            "[127.0.0.1]:80", "a_b:80", "-a:80", "a..b:80", "a b:80", "*:80", "unix:", "unix:run/a.sock",
            "unix:/" + String(repeating: "a", count: 107),
        ]
    )
    func refused(text: String) {
        #expect(ListenAddress(text) == nil)
    }

    @Test("a Unix socket's path has at most 107 bytes")
    func longestPath() {
        let path = "/" + String(repeating: "a", count: 106)
        #expect(ListenAddress("unix:" + path) == .unix(path: path))
    }

    @Test(
        "spellings of one host overlap on one port, and port 0 never does",
        arguments: [
            ("[::1]:80", "[0:0::1]:80", true), ("LOCALHOST:80", "localhost:80", true),
            ("[::]:80", "a:80", true),
            ("a:80", "0.0.0.0:80", true), ("a:80", "b:80", false), ("a:80", "a:81", false),
            ("a:0", "a:0", false),
            ("unix:/a", "unix:/a", true), ("unix:/a", "unix:/b", false), ("unix:/a", "a:80", false),
        ]
    )
    func overlaps(first: String, second: String, expected: Bool) throws {
        let (first, second) = (try #require(ListenAddress(first)), try #require(ListenAddress(second)))
        #expect(first.overlaps(second) == expected)
        #expect(second.overlaps(first) == expected)
    }

    @Test(
        "only loopback addresses, localhost and sockets are of this machine alone",
        arguments: [
            ("127.0.0.1:1", true), ("127.255.255.254:1", true), ("128.0.0.1:1", false),
            ("126.255.255.255:1", false),
            ("[::1]:1", true), ("[0:0:0:0:0:0:0:1]:1", true), ("[::]:1", false),
            ("[::ffff:127.0.0.1]:1", false),
            ("localhost:1", true), ("LOCALHOST:1", true), ("localhost.example:1", false),
            ("0.0.0.0:1", false),
            ("unix:/run/a.sock", true),
        ]
    )
    func isLocal(text: String, isLocal: Bool) throws {
        #expect(try #require(ListenAddress(text)).isLocal == isLocal)
    }
}
