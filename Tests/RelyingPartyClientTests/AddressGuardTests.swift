import DeliveryPolicy
import LastcallTestKit
import RelyingPartyClient
import Synchronization
import Testing

@Suite("No token leaves for an address that the rule refuses")
struct AddressGuardTests {
    private static let strict = AddressRule()

    @Test(
        "a refused address is never connected to, however it is written",
        arguments: [
            "127.0.0.1", "127.1", "0177.0.0.1", "2130706433", "0x7f.0.0.1", "localhost", "[::1]",
            "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
        ]
    )
    func literal(host: String) async throws {
        let server = try Harness.server()
        let answer = try await Harness.withClient { client in
            await client.post(Harness.request(server.uri(host: host), rule: Self.strict))
        }
        guard case .blockedAddress(let text) = answer.failure else {
            Issue.record("\(answer)")
            return
        }
        #expect(text.contains("oopback"))
        #expect(answer.detail == text)
        #expect(!answer.requestSent)
        #expect(server.connections == 0)
    }

    /// libcurl itself would wait for half the deadline between the refusals.
    @Test(
        "all addresses refused: blocked, whatever their number, long before the deadline",
        .timeLimit(.minutes(30))
    )
    func allRefused() async throws {
        let server = try Harness.server()
        let answer = try await Harness.withClient {
            $0.lookup = Harness.everyName(
                "10.0.0.1",
                "169.254.169.254",
                "::ffff:127.0.0.1",
                "fd00::1",
                "127.0.0.1"
            )
        } _: { client in
            await client.post(
                Harness.request(server.uri(host: "a.rp.test"), timeout: .seconds(600), rule: Self.strict)
            )
        }
        guard case .blockedAddress = answer.failure else {
            Issue.record("\(answer)")
            return
        }
        #expect(server.connections == 0)
    }

    @Test("a refused address falls through to one that is allowed")
    func mixed() async throws {
        let server = try Harness.server()
        let answer = try await Harness.withClient {
            $0.lookup = Harness.everyName("10.0.0.1", "fd00::1", "169.254.169.254", "127.0.0.1")
        } _: { client in
            await client.post(Harness.request(server.uri(host: "a.rp.test")))
        }
        #expect(answer.status == 200)
        #expect(answer.remoteAddress == "127.0.0.1")
    }

    @Test("allowed but dead beside refused is unreachable, since it may be there again")
    func mixedDead() async throws {
        let closed = try ClosedPort()
        let answer = try await Harness.withClient {
            $0.lookup = Harness.everyName("10.0.0.1", "127.0.0.1")
        } _: { client in
            await client.post(Harness.request("https://a.rp.test:\(closed.port)/"))
        }
        #expect(answer.failure == .unreachable)
    }

    @Test("a rule that changes holds for connections that are open already")
    func ruleChanges() async throws {
        let server = try Harness.server()
        let answers = try await Harness.withClient { client in
            [
                await client.post(Harness.request(server.uri())),
                await client.post(Harness.request(server.uri(), rule: Self.strict)),
                await client.post(Harness.request(server.uri())),
            ]
        }
        #expect(answers[0].status == 200)
        guard case .blockedAddress = answers[1].failure else {
            Issue.record("\(answers[1])")
            return
        }
        #expect(!answers[1].requestSent)
        #expect(answers[2].status == 200)
        #expect(server.received.count == 2)
    }

    @Test("where an open connection is refused by now, another address of the name is tried")
    func redial() async throws {
        let server = try Harness.server()
        let closed = try ClosedPort(ipv6: true, port: server.port)
        defer { withExtendedLifetime(closed) {} }
        let deny = try #require(AddressBlock("127.0.0.0/8"))
        let answers = try await Harness.withClient {
            $0.lookup = Harness.everyName("127.0.0.1", "::1")
        } _: { client in
            let rule = AddressRule(allowLoopback: true, denied: [deny])
            let url = server.uri(host: "a.rp.test")
            return [
                await client.post(Harness.request(url)), await client.post(Harness.request(url, rule: rule)),
            ]
        }
        #expect(answers[0].status == 200)
        // Refused on the kept connection, dialled again at ::1, where nobody listens.
        #expect(answers[1].failure == .unreachable)
        #expect(answers[1].remoteAddress == "::1")
        #expect(server.received.count == 1)
    }

    @Test("a name that is bound to another address between attempts is judged again")
    func rebinding() async throws {
        let server = try Harness.server()
        let calls = Mutex(0)
        let lookup = HostLookup { _ in
            let call = calls.withLock { calls in
                calls += 1
                return calls
            }
            let text = call == 1 ? "127.0.0.1" : "10.0.0.1"
            return IPAddress(text).map { .addresses([$0]) } ?? .notFound
        }
        let answers = try await Harness.withClient {
            $0.lookup = lookup
            $0.nameLifetime = .zero
        } _: { client in
            server.script(.status(200, headers: ["Connection: close"]))
            let first = await client.post(Harness.request(server.uri(host: "a.rp.test")))
            let second = await client.post(Harness.request(server.uri(host: "a.rp.test")))
            return [first, second]
        }
        #expect(answers[0].status == 200)
        guard case .blockedAddress(let text) = answers[1].failure else {
            Issue.record("\(answers[1])")
            return
        }
        #expect(text.hasPrefix("10.0.0.1"))
        #expect(server.connections == 1)
    }

    @Test("http never leaves loopback, even where the rule allows the address")
    func plainOutsideLoopback() async throws {
        let answer = try await Harness.withClient {
            $0.lookup = Harness.everyName("10.0.0.1")
        } _: { client in
            let rule = AddressRule(allowPrivateNetworks: true, allowLoopback: true)
            return await client.post(Harness.request("http://a.rp.test/", rule: rule, allowHTTP: true))
        }
        #expect(answer.failure == .blockedAddress("10.0.0.1: http outside loopback"))
    }
}
