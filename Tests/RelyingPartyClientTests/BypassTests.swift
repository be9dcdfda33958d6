import DeliveryPolicy
import Foundation
import Glibc
import LastcallTestKit
import RelyingPartyClient
import Synchronization
import Testing

/// The ways past the address rule that libcurl has, one by one. Every suite runs with dead proxies in its environment.
@Suite("No way around the address rule")
struct BypassTests {
    @Test(
        "a redirect is an answer: nobody follows it, wherever it leads",
        arguments: [301, 302, 303, 307, 308],
        ["http://169.254.169.254/latest/meta-data/", "file:///etc/passwd", "//127.0.0.1/", "/elsewhere"]
    )
    func redirect(status: Int, location: String) async throws {
        let server = try Harness.server(standing: .status(status, headers: ["Location: \(location)"]))
        let answer = try await Harness.withClient { client in await client.post(Harness.request(server.uri()))
        }
        #expect(answer.status == status)
        #expect(server.received.map(\.target) == ["/backchannel-logout"])
    }

    @Test("a redirect to another server never reaches it")
    func redirectElsewhere() async throws {
        let other = try Harness.server()
        let server = try Harness.server(standing: .redirect(to: other.uri()))
        let answer = try await Harness.withClient { client in await client.post(Harness.request(server.uri()))
        }
        #expect(answer.status == 302)
        #expect(other.connections == 0)
    }

    @Test(
        "what an answer asks to be kept or used next time is not: cookies, other services, http never again"
    )
    func answersLeaveNothing() async throws {
        let other = try Harness.server()
        let headers = [
            "Set-Cookie: a=b; Path=/", "Alt-Svc: h2=\"127.0.0.1:\(other.port)\"; ma=3600; persist=1",
            "Alt-Svc: http/1.1=\":\(other.port)\"; ma=3600", "Strict-Transport-Security: max-age=3600",
            "Refresh: 0; url=\(other.uri())", "Connection: close",
        ]
        let server = try Harness.server(standing: .status(200, headers: headers))
        try await Harness.withClient { client in
            for _ in 1...3 { #expect(await client.post(Harness.request(server.uri())).status == 200) }
        }
        #expect(other.connections == 0)
        #expect(server.received.count == 3)
        #expect(Set(server.received.map(\.head)).count == 1)
    }

    @Test(
        "a challenge is answered by nobody",
        arguments: ["Basic realm=x", "Digest realm=\"x\", nonce=\"y\"", "Negotiate", "NTLM"]
    )
    func challenge(scheme: String) async throws {
        let server = try Harness.server(standing: .status(401, headers: ["WWW-Authenticate: \(scheme)"]))
        let answer = try await Harness.withClient { client in await client.post(Harness.request(server.uri()))
        }
        #expect(answer.status == 401)
        #expect(server.received.count == 1)
        #expect(server.received.allSatisfy { $0.values(of: "authorization").isEmpty })
    }

    @Test("neither .netrc nor .curlrc of whoever runs it is read")
    func homeFiles() async throws {
        let home = FileManager.default.temporaryDirectory.appendingPathComponent("lastcall-home-\(UUID())")
        try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: home) }
        try Data("default login me password secret\n".utf8).write(to: home.appendingPathComponent(".netrc"))
        try Data("header = \"X-Home: yes\"\nlocation\n".utf8).write(
            to: home.appendingPathComponent(".curlrc")
        )
        unsafe setenv("CURL_HOME", home.path, 1)
        let before = unsafe getenv("HOME").map { unsafe String(cString: $0) }
        unsafe setenv("HOME", home.path, 1)
        defer { if let before { unsafe setenv("HOME", before, 1) } }
        let server = try Harness.server()
        let answer = try await Harness.withClient { client in await client.post(Harness.request(server.uri()))
        }
        #expect(answer.status == 200)
        let request = try #require(server.received.first)
        #expect(
            request.headers.map(\.name) == ["Host", "User-Agent", "Accept", "Content-Length", "Content-Type"]
        )
    }

    @Test("a connection in constant use is given up at its age, and its successor is judged anew")
    func connectionAge() async throws {
        let server = try Harness.server()
        try await Harness.withClient {
            $0.connectionLifetime = .seconds(1)
        } _: { client in
            // As many posts as it takes: none of them leaves the connection idle for long.
            try await eventually("a second connection", within: .seconds(240)) {
                #expect(await client.post(Harness.request(server.uri())).status == 200)
                return server.connections > 1
            }
        }
    }

    @Test(
        "a name that moves inside while a connection is open gets nothing new opened, and nothing sent inside"
    )
    func movedInside() async throws {
        let server = try Harness.server()
        let lookups = Mutex(0)
        let lookup = HostLookup { _ in
            let number = lookups.withLock { number in
                number += 1
                return number
            }
            return .addresses([number < 3 ? IPAddress(v4: 0x7f00_0001) : IPAddress(v4: 0x0a00_0001)])
        }
        let answers = try await Harness.withClient {
            $0.lookup = lookup
            $0.nameLifetime = .zero
        } _: { client in
            var answers: [Answer] = []
            for _ in 1...4 {
                answers.append(await client.post(Harness.request(server.uri(host: "a.rp.test"))))
            }
            return answers
        }
        // The kept connection leads to an address that was judged, under the name's certificate, until its age is up.
        #expect(answers.map(\.status) == [200, 200, 200, 200])
        #expect(answers.map(\.remoteAddress) == Array(repeating: "127.0.0.1", count: 4))
        #expect(server.received.allSatisfy { $0.connection == 1 })
    }

    @Test(
        "a Unix socket and other families are no way out",
        arguments: ["unix:/run/x", "https://%2Frun%2Fx/", "https://[::1%25lo]/"]
    )
    func otherFamilies(url: String) async throws {
        let answer = try await Harness.withClient { client in await client.post(Harness.request(url)) }
        #expect(answer.status == nil)
        #expect(!answer.requestSent)
    }
}
