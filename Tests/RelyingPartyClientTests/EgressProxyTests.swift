import DeliveryPolicy
import Foundation
import Glibc
import LastcallTestKit
import RelyingPartyClient
import Testing

@Suite("Through the operator's proxy")
struct EgressProxyTests {
    private static let strict = AddressRule()

    /// A client whose names all have these addresses, and which goes through a proxy on loopback.
    private func withProxy<Result: Sendable>(
        _ proxy: ScriptedProxy,
        addresses: [String] = ["93.184.216.34"],
        host: String = "127.0.0.1",
        isSecure: Bool = false,
        credentials: String? = nil,
        resolvesNames: Bool = false,
        _ body: (RelyingPartyClient) async throws -> Result
    ) async throws -> Result {
        try await Harness.withClient {
            // The proxy's own name, where it has one, leads to loopback, which the strict rule refuses to RPs.
            let own = [IPAddress("127.0.0.1")].compactMap { $0 }
            let others = HostLookup { _ in .addresses(addresses.compactMap { IPAddress($0) }) }
            $0.lookup = others.overriding(["proxy.test": own, "localhost": own])
            $0.nameLifetime = .zero
            $0.egressProxy = EgressProxy(
                isSecure: isSecure,
                host: host,
                port: proxy.port,
                credentials: credentials,
                resolvesNames: resolvesNames
            )
        } _: {
            try await body($0)
        }
    }

    @Test("the RP's address is judged here, asked of the proxy, and the certificate is the RP's own")
    func tunnels() async throws {
        let (server, proxy) = (try Harness.server(), try ScriptedProxy())
        let answer = try await withProxy(proxy) { client in
            await client.post(Harness.request(server.uri(host: "a.rp.test"), rule: Self.strict))
        }
        #expect(answer.status == 200)
        #expect(answer.remoteAddress == "93.184.216.34")
        #expect(proxy.received.map(\.target) == ["93.184.216.34:\(server.port)"])
        let request = try #require(server.received.first)
        #expect(request.serverName == "a.rp.test")
        #expect(request.values(of: "host") == ["a.rp.test:\(server.port)"])
    }

    @Test("the proxy learns where to, and nothing of the request; the RP learns nothing of the proxy")
    func exactBytes() async throws {
        let (server, proxy) = (try Harness.server(), try ScriptedProxy())
        let webhook = WebhookHeaders(id: "msg_1", timestamp: 1, signature: "v1,secret")
        let request = LogoutRequest(
            lane: 1,
            url: server.uri("/hook?x=1", host: "a.rp.test"),
            body: Array("{}".utf8),
            webhook: webhook,
            timeout: Harness.ample,
            rule: Self.strict
        )
        let answer = try await withProxy(proxy, credentials: "me:pass") { client in await client.post(request)
        }
        #expect(answer.status == 200)
        let expected = """
            CONNECT 93.184.216.34:\(server.port) HTTP/1.1\r
            Host: 93.184.216.34:\(server.port)\r
            Proxy-Authorization: Basic bWU6cGFzcw==\r
            User-Agent: Lastcall/0.0.1\r
            Proxy-Connection: Keep-Alive\r
            \r

            """
        #expect(proxy.received.map { String(decoding: $0.head, as: UTF8.self) } == [expected])
        let received = try #require(server.received.first)
        #expect(received.target == "/hook?x=1")
        #expect(received.headers.allSatisfy { !$0.name.lowercased().hasPrefix("proxy") })
        #expect(received.values(of: "webhook-id") == ["msg_1"])
    }

    @Test("a receiver's credential goes through the tunnel, and not to the proxy")
    func pushes() async throws {
        let (server, proxy) = (try Harness.server(), try ScriptedProxy())
        let headers = try #require(PushHeaders(authorization: "Bearer of-the-receiver"))
        let request = LogoutRequest(
            lane: 1,
            url: server.uri("/events", host: "a.rp.test"),
            body: Array("a.b.c".utf8),
            push: headers,
            timeout: Harness.ample,
            rule: Self.strict
        )
        let answer = try await withProxy(proxy) { client in await client.post(request) }
        #expect(answer.status == 200)
        #expect(server.received.first?.values(of: "authorization") == ["Bearer of-the-receiver"])
        let asked = proxy.received.map { String(decoding: $0.head, as: UTF8.self) }
        #expect(asked.count == 1 && !asked.contains { $0.lowercased().contains("authorization") })
    }

    @Test("credentials reach the proxy as they are", arguments: ["a:b", "me:", "a%41:p%3a:@/ü ?#", "+:%00"])
    func credentials(text: String) async throws {
        let (server, proxy) = (try Harness.server(), try ScriptedProxy())
        let answer = try await withProxy(proxy, credentials: text) { client in
            await client.post(Harness.request(server.uri(host: "a.rp.test"), rule: Self.strict))
        }
        #expect(answer.status == 200)
        let sent = proxy.received.first?.values(of: "proxy-authorization") ?? []
        #expect(sent == ["Basic \(Data(text.utf8).base64EncodedString())"])
        let shown = "\(EgressProxy(isSecure: false, host: "p", port: 1, credentials: text))"
        #expect(shown == "http://p:1")
    }

    @Test(
        "an address that the rule refuses is not asked of the proxy",
        arguments: [["10.0.0.1"], ["127.0.0.1"], ["::ffff:169.254.169.254"], ["64:ff9b::a00:1", "fd00::1"]]
    )
    func blocked(addresses: [String]) async throws {
        let (server, proxy) = (try Harness.server(), try ScriptedProxy())
        let answers = try await withProxy(proxy, addresses: addresses) { client in
            [
                await client.post(Harness.request(server.uri(host: "a.rp.test"), rule: Self.strict)),
                await client.post(Harness.request(server.uri(), rule: Self.strict)),
            ]
        }
        for answer in answers {
            guard case .blockedAddress(let text) = answer.failure else {
                Issue.record("\(answer)")
                continue
            }
            #expect(answer.detail == text)
        }
        #expect(proxy.connections == 0)
    }

    @Test("an IPv4-mapped address is asked for as what it is")
    func mapped() async throws {
        let (server, proxy) = (try Harness.server(), try ScriptedProxy())
        let answer = try await withProxy(proxy, addresses: ["::ffff:93.184.216.34"]) { client in
            await client.post(Harness.request(server.uri(host: "a.rp.test"), rule: Self.strict))
        }
        #expect(answer.status == 200)
        #expect(proxy.received.map(\.target) == ["93.184.216.34:\(server.port)"])
    }

    @Test("of mixed addresses only those that the rule admits are asked for, one after the other")
    func mixed() async throws {
        let server = try Harness.server()
        let proxy = try ScriptedProxy { $0.target.hasPrefix("[") ? .refuse(502) : .tunnel }
        let addresses = ["10.0.0.1", "2606:2800::1", "fd00::1", "93.184.216.34"]
        let answers = try await withProxy(proxy, addresses: addresses) { client in
            [
                await client.post(Harness.request(server.uri(host: "a.rp.test"), rule: Self.strict)),
                await client.post(Harness.request(server.uri(host: "a.rp.test"), rule: Self.strict)),
            ]
        }
        #expect(answers.map(\.status) == [200, 200])
        #expect(answers.map(\.remoteAddress) == ["93.184.216.34", "93.184.216.34"])
        // What failed once is not asked for first again, and the tunnel that works is kept.
        let port = server.port
        #expect(proxy.received.map(\.target) == ["[2606:2800::1]:\(port)", "93.184.216.34:\(port)"])
        #expect(server.connections == 1)
    }

    @Test(
        "what the proxy refuses is no answer of the RP's",
        arguments: [200, 204, 301, 400, 403, 407, 429, 502, 503]
    )
    func refusals(status: Int) async throws {
        let server = try Harness.server()
        let proxy = try ScriptedProxy { _ in status < 300 ? .close : .refuse(status) }
        let answer = try await withProxy(proxy) { client in
            await client.post(Harness.request(server.uri(host: "a.rp.test"), rule: Self.strict))
        }
        let failure: EgressProxyFailure = status < 300 ? .unreachable : .refused(status: status)
        #expect(answer.failure == .egressProxy(failure))
        #expect(answer.status == nil)
        #expect(answer.retryAfter == nil)
        #expect(answer.error == (status < 300 ? "egress_proxy_unreachable" : "egress_proxy_refused"))
        #expect(status < 300 || answer.errorDescription == "the egress proxy answered CONNECT with \(status)")
        #expect(answer.detail == answer.errorDescription)
        #expect(!answer.requestSent)
        #expect(server.connections == 0)
    }

    @Test("a proxy that is not there, or hangs, costs the deadline and no more")
    func proxyAway() async throws {
        let proxy = try ScriptedProxy { _ in .hang }
        let hung = try await withProxy(proxy) { client in
            await client.post(
                Harness.request("https://a.rp.test/", timeout: .milliseconds(300), rule: Self.strict)
            )
        }
        #expect(hung.failure == .timeout(sent: false))
        let port = proxy.port
        proxy.stop()
        let closed = try ClosedPort(port: port)
        let away = try await withProxy(proxy) { client in
            await client.post(Harness.request("https://a.rp.test/", rule: Self.strict))
        }
        withExtendedLifetime(closed) {}
        #expect(away.failure == .egressProxy(.unreachable))
        #expect(away.error == "egress_proxy_unreachable")
        #expect(away.remoteAddress == "93.184.216.34")
    }

    @Test("a proxy with a name is looked up on its own, and is the only one exempt from the rule")
    func namedProxy() async throws {
        let (server, proxy) = (try Harness.server(), try ScriptedProxy())
        let answers = try await withProxy(proxy, host: "proxy.test") { client in
            [
                await client.post(Harness.request(server.uri(host: "a.rp.test"), rule: Self.strict)),
                // The same name as an RP's is judged like any other.
                await client.post(Harness.request(server.uri(host: "proxy.test"), rule: Self.strict)),
            ]
        }
        #expect(answers[0].status == 200)
        #expect(answers[1].failure == .blockedAddress("127.0.0.1: 127.0.0.0/8 (Loopback, RFC 1122 §3.2.1.3)"))
        #expect(proxy.connections == 1)
    }

    @Test("a proxy whose name nobody knows is told apart from an RP whose name nobody knows")
    func unknownNames() async throws {
        let answers = try await Harness.withClient {
            let known = [IPAddress("93.184.216.34")].compactMap { $0 }
            $0.lookup = HostLookup { _ in .notFound }.overriding(["a.rp.test": known])
            $0.egressProxy = EgressProxy(isSecure: false, host: "proxy.test", port: 3_128)
        } _: { client in
            [
                await client.post(Harness.request("https://a.rp.test/", rule: Self.strict)),
                await client.post(Harness.request("https://b.rp.test/", rule: Self.strict)),
            ]
        }
        #expect(answers.map(\.failure) == [.egressProxy(.dnsFailure), .dnsFailure])
    }

    @Test(
        "lanes share neither tunnels nor TLS sessions, though they share proxy, RP and address",
        arguments: [false, true]
    )
    func lanes(isSecure: Bool) async throws {
        let authority = try TestAuthority.shared().authority
        let server = try Harness.server()
        let proxy = try ScriptedProxy(authority: isSecure ? authority : nil)
        let statuses = try await withProxy(proxy, host: "localhost", isSecure: isSecure) { client in
            var statuses: [Int?] = []
            for lane in [1, 2, 1, 2] {
                let request = Harness.request(
                    server.uri(host: "a.rp.test"),
                    lane: Int64(lane),
                    rule: Self.strict
                )
                statuses.append(await client.post(request).status)
            }
            return statuses
        }
        #expect(statuses == [200, 200, 200, 200])
        #expect(server.received.map(\.connection) == (isSecure ? [1, 2, 3, 4] : [1, 2, 1, 2]))
        #expect(proxy.received.allSatisfy { $0.tlsVersion == (isSecure ? "TLSv1.3" : nil) })
    }

    @Test("a proxy over TLS has to prove its name")
    func untrustedProxy() async throws {
        let authority = try TestAuthority.shared().authority
        let proxy = try ScriptedProxy(authority: authority, names: ["other.test"])
        let answer = try await withProxy(proxy, host: "localhost", isSecure: true, credentials: "a:b") {
            client in
            await client.post(Harness.request("https://a.rp.test/", rule: Self.strict))
        }
        #expect(answer.failure == .egressProxy(.tlsFailure))
        #expect(proxy.received.isEmpty)
    }

    @Test(
        "behind the proxy an RP has to prove its name too",
        arguments: [ScriptedRelyingParty.Transport.wrongHost, .expired]
    )
    func untrustedRP(transport: ScriptedRelyingParty.Transport) async throws {
        let (server, proxy) = (try Harness.server(transport), try ScriptedProxy())
        let url = server.uri(host: "a.rp.test")
        let answer = try await withProxy(proxy) { client in
            await client.post(Harness.request(url, rule: Self.strict))
        }
        #expect(answer.failure == .tlsFailure)
        #expect(!answer.requestSent)
        #expect(server.received.isEmpty)
    }

    @Test("a rule that changes holds for tunnels that are open already")
    func ruleChanges() async throws {
        let (server, proxy) = (try Harness.server(), try ScriptedProxy())
        let deny = try #require(AddressBlock("93.184.216.0/24"))
        let answers = try await withProxy(proxy) { client in
            let url = server.uri(host: "a.rp.test")
            return [
                await client.post(Harness.request(url, rule: Self.strict)),
                await client.post(Harness.request(url, rule: AddressRule(denied: [deny]))),
            ]
        }
        #expect(answers[0].status == 200)
        guard case .blockedAddress = answers[1].failure else {
            Issue.record("\(answers[1])")
            return
        }
        #expect(server.received.count == 1)
    }

    @Test("a proxy that resolves names is given names, and no name that is a number or this machine")
    func resolvesNames() async throws {
        let (server, proxy) = (try Harness.server(), try ScriptedProxy())
        let hosts = [
            "a.rp.test", "localhost", "x.localhost", "localhost.", "127.0.0.1.", "127.0x1", "10.0.0.1",
            "2130706433",
        ]
        let answers = try await withProxy(proxy, addresses: ["10.0.0.1"], resolvesNames: true) { client in
            var answers: [Answer] = []
            for host in hosts {
                answers.append(await client.post(Harness.request(server.uri(host: host), rule: Self.strict)))
            }
            return answers
        }
        #expect(answers[0].status == 200)
        #expect(answers[0].remoteAddress == nil)
        for (answer, host) in zip(answers, hosts).dropFirst() {
            guard case .blockedAddress? = answer.failure else {
                Issue.record("\(host): \(answer)")
                continue
            }
        }
        #expect(proxy.received.map(\.target) == ["a.rp.test:\(server.port)"])
    }

    @Test("plain http is tunnelled too, to loopback and nowhere else", arguments: [false, true])
    func plain(resolvesNames: Bool) async throws {
        let (server, proxy) = (try Harness.server(.plain), try ScriptedProxy())
        let answers = try await withProxy(proxy, resolvesNames: resolvesNames) { client in
            [
                await client.post(Harness.request(server.uri(), allowHTTP: true)),
                await client.post(Harness.request(server.uri(host: "a.rp.test"), allowHTTP: true)),
            ]
        }
        #expect(answers[0].status == 200)
        guard case .blockedAddress(let text)? = answers[1].failure else {
            Issue.record("\(answers[1])")
            return
        }
        #expect(text.hasSuffix("http outside loopback"))
        #expect(proxy.received.map(\.method) == ["CONNECT"])
        #expect(server.received.first?.target == "/backchannel-logout")
    }

    @Test(
        "no_proxy in the environment sends nothing past the proxy",
        arguments: ["*", "a.rp.test", "93.184.216.34"]
    )
    func noProxy(value: String) async throws {
        // Whoever else runs at the time has no proxy, and looks at neither.
        unsafe setenv("no_proxy", value, 1)
        unsafe setenv("NO_PROXY", value, 1)
        let (server, proxy) = (try Harness.server(), try ScriptedProxy())
        let answer = try await withProxy(proxy) { client in
            await client.post(Harness.request(server.uri(host: "a.rp.test"), rule: Self.strict))
        }
        #expect(answer.status == 200)
        #expect(proxy.connections == 1)
    }
}
