import DeliveryPolicy
import RelyingPartyClient
import Synchronization
import Testing

/// Two readers of one URI: the parser of the registration, whose reading is judged, and libcurl's, which dials.
@Suite("What is judged is what is dialled")
struct URIReadingTests {
    @Test(
        "the host of a URI that is accepted is the one that is looked up, or dialled",
        arguments: [
            "https://rp.example.com/", "https://RP.Example.COM:8443/a?b",
            "https://rp.example.com?x=@evil.example",
            "https://rp.example.com/@evil.example/", "https://rp.example.com/a@b:c",
            "https://rp.example.com/\u{5B}::1]",
            "https://rp.example.com/http://evil.example/", "https://rp.example.com/?https://evil.example/",
            "https://rp.example.com//evil.example/", "https://rp.example.com/;@evil.example",
            "https://0a.1b/",
            "https://1.2.3.4a/", "https://0xg/", "https://1.example/", "https://my_rp.internal/",
            "https://xn--bcher-kva.example/",
            "https://xn--a.example/", "https://a--b.example/", "https://localhost.example/",
            "https://metadata.google.internal/",
            "https://10.0.0.1/", "https://10.0.0.1:1/", "https://[::1]/", "https://[::ffff:127.0.0.1]:65535/",
            "https://[::127.0.0.1]/", "https://[64:ff9b::7f00:1]/", "https://[64:FF9B::127.0.0.1]/",
            "https://[0:0:0:0:0:0:0:1]/",
            "https://[::ffff:7f00:1]/", "https://[fe80::1]/", "https://[2002:7f00:1::]/",
            "https://169.254.169.254/",
        ]
    )
    func sameHost(text: String) async throws {
        let asked = Mutex<[String]>([])
        let answer = try await Harness.withClient {
            $0.lookup = HostLookup { host in
                asked.withLock { $0.append(host) }
                return .notFound
            }
        } _: { client in
            await client.post(Harness.request(text, rule: AddressRule()))
        }
        switch try LogoutURI(text).host {
        case .name(let name):
            #expect(asked.withLock { $0 } == [name])
            #expect(answer.failure == .dnsFailure)
        case .address(let address):
            #expect(asked.withLock { $0 } == [])
            guard case .blockedAddress(let reason) = answer.failure else {
                Issue.record("\(answer)")
                return
            }
            #expect(reason.hasPrefix("\(address): ") || reason.hasPrefix("\(address.unmapped): "))
        }
    }
}
