import DeliveryPolicy
import LastcallTestKit
import RelyingPartyClient
import Testing

@Suite("What an RP receives")
struct RequestTests {
    @Test("the request is these bytes and no others")
    func exactBytes() async throws {
        let server = try Harness.server()
        let answer = try await Harness.withClient { client in
            await client.post(Harness.request(server.uri("/logout?tenant=a%2Fb")))
        }
        #expect(answer.status == 200)
        let request = try #require(server.received.first)
        let expected = """
            POST /logout?tenant=a%2Fb HTTP/1.1\r
            Host: 127.0.0.1:\(server.port)\r
            User-Agent: Lastcall/0.0.1\r
            Accept: */*\r
            Content-Length: 27\r
            Content-Type: application/x-www-form-urlencoded\r
            \r

            """
        #expect(String(decoding: request.head, as: UTF8.self) == expected)
        #expect(String(decoding: request.body, as: UTF8.self) == "logout_token=eyJh.eyJp.c2ln")
        #expect(request.tlsVersion == "TLSv1.3")
    }

    @Test(
        "path and query go out byte for byte",
        arguments: [
            "/a/../b/./c//d", "/%2e%2E/%7e", "/p?", "/p?a=%7e&b=+%20'&&c", "/p?q=/../x?y", "/p?a[]=1|2", "/?",
            "/",
        ]
    )
    func target(path: String) async throws {
        let server = try Harness.server()
        let answer = try await Harness.withClient { client in
            await client.post(Harness.request(server.uri(path)))
        }
        #expect(answer.status == 200)
        #expect(server.received.map(\.target) == [path])
    }

    @Test("a URL without a path asks for the root", arguments: [("", "/"), ("?x=1", "/?x=1")])
    func emptyPath(path: String, target: String) async throws {
        let server = try Harness.server()
        _ = try await Harness.withClient { client in await client.post(Harness.request(server.uri(path))) }
        #expect(server.received.map(\.target) == [target])
    }

    @Test("a body of many kilobytes arrives whole, with its length and without chunks")
    func longBody() async throws {
        let server = try Harness.server()
        let body = "logout_token=" + String(repeating: "a", count: 100_000)
        _ = try await Harness.withClient { client in
            await client.post(Harness.request(server.uri(), body: body))
        }
        let request = try #require(server.received.first)
        #expect(request.body == Array(body.utf8))
        #expect(request.values(of: "content-length") == ["100013"])
        #expect(request.values(of: "transfer-encoding").isEmpty)
        #expect(request.values(of: "expect").isEmpty)
    }

    @Test("the name of the URL is what the handshake, the certificate and Host are about")
    func namedHost() async throws {
        let server = try Harness.server()
        let answer = try await Harness.withClient {
            $0.lookup = Harness.everyName("127.0.0.1")
        } _: { client in
            await client.post(Harness.request(server.uri(host: "a.rp.test")))
        }
        #expect(answer.status == 200)
        let request = try #require(server.received.first)
        #expect(request.serverName == "a.rp.test")
        #expect(request.values(of: "host") == ["a.rp.test:\(server.port)"])
    }

    @Test("http goes to loopback where it is allowed")
    func plainLoopback() async throws {
        let server = try Harness.server(.plain)
        let answer = try await Harness.withClient { client in
            await client.post(Harness.request(server.uri(), allowHTTP: true))
        }
        #expect(answer.status == 200)
        #expect(server.received.first?.tlsVersion == nil)
    }

    @Test(
        "what is no https URL is refused before anything is sent",
        arguments: [
            "http://127.0.0.1/", "file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "https://",
            "https://user@127.0.0.1/", "https://user:pass@127.0.0.1/", "https://[fe80::1%25eth0]/",
            "127.0.0.1",
            "https://127.0.0.1/#a", "https://127.0.0.1:0/", "https://127.0.0.1:65536/", "",
            "https://a\u{0}b/",
        ]
    )
    func forbidden(url: String) async throws {
        let answer = try await Harness.withClient { client in await client.post(Harness.request(url)) }
        #expect(answer.failure == .forbiddenURL)
        #expect(!answer.requestSent)
    }

    @Test("a lane that was allowed http is refused once it is not")
    func httpWithdrawn() async throws {
        let server = try Harness.server(.plain)
        let answers = try await Harness.withClient { client in
            [
                await client.post(Harness.request(server.uri(), allowHTTP: true)),
                await client.post(Harness.request(server.uri(), allowHTTP: false)),
            ]
        }
        #expect(answers.map(\.ending) == [.status(200), .failure(.forbiddenURL)])
    }
}
