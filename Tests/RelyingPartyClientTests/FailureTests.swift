import DeliveryPolicy
import LastcallTestKit
import RelyingPartyClient
import Synchronization
import Testing

@Suite("Why there is no answer")
struct FailureTests {
    @Test(
        "a server that cannot prove who it is gets no request",
        arguments: [
            ScriptedRelyingParty.Transport.wrongHost, .expired, .unknownAuthority, .tls11Only, .garbage,
        ]
    )
    func badTLS(transport: ScriptedRelyingParty.Transport) async throws {
        let server = try Harness.server(transport)
        let url = server.uri()
        let answer = try await Harness.withClient { client in await client.post(Harness.request(url)) }
        #expect(answer.failure == .tlsFailure)
        #expect(!answer.requestSent)
        #expect(answer.detail?.isEmpty == false)
        #expect(server.received.isEmpty)
        #expect(server.connections == 1)
    }

    @Test("a port where nobody listens is unreachable")
    func refused() async throws {
        let closed = try ClosedPort()
        let answer = try await Harness.withClient { client in
            await client.post(Harness.request("https://127.0.0.1:\(closed.port)/"))
        }
        #expect(answer.failure == .unreachable)
        #expect(answer.remoteAddress == "127.0.0.1")
        #expect(answer.detail == "no connection to any address")
    }

    @Test("a connection that ends before the answer is unreachable, and whether the request was sent is told")
    func resets() async throws {
        for step in [ScriptedStep.resetBeforeReading, .resetAfterReading, .closeAfterReading] {
            let server = try Harness.server(standing: step)
            let answer = try await Harness.withClient { client in
                await client.post(Harness.request(server.uri()))
            }
            #expect(answer.failure == .unreachable)
            #expect(answer.requestSent)
            #expect(server.connections == 1)
        }
    }

    /// The RP may have acted on the token and would refuse its repeated `jti`: the worker signs a new one.
    @Test(
        "a request is never sent twice, even where a kept connection ends without an answer",
        arguments: [true, false]
    )
    func neverTwice(reset: Bool) async throws {
        let server = try Harness.server()
        server.script(.ok, reset ? .resetAfterReading : .closeAfterReading)
        let answers = try await Harness.withClient { client in
            [
                await client.post(Harness.request(server.uri())),
                await client.post(Harness.request(server.uri())),
                await client.post(Harness.request(server.uri())),
            ]
        }
        #expect(answers.map(\.ending) == [.status(200), .failure(.unreachable), .status(200)])
        #expect(answers.map(\.requestSent) == [true, true, true])
        #expect(server.received.map(\.connection).first == 1)
        #expect(server.received.count == 3)
    }

    @Test("a kept connection that the RP has closed meanwhile is not used")
    func closedMeanwhile() async throws {
        let server = try Harness.server()
        server.script(.status(200, headers: ["Connection: close"]))
        let answers = try await Harness.withClient { client in
            [
                await client.post(Harness.request(server.uri())),
                await client.post(Harness.request(server.uri())),
            ]
        }
        #expect(answers.map(\.status) == [200, 200])
        #expect(server.connections == 2)
    }

    @Test(
        "what a lookup found decides",
        arguments: [
            (HostLookup.Answer.notFound, TransportFailure.dnsFailure),
            (.unavailable, .dnsFailure),
            (.addresses([]), .dnsFailure),
            (.localError(.noDescriptor), .localError(.noDescriptor)),
        ]
    )
    func lookups(found: HostLookup.Answer, expected: TransportFailure) async throws {
        let answer = try await Harness.withClient {
            $0.lookup = HostLookup { _ in found }
        } _: { client in
            await client.post(Harness.request("https://rp.test/"))
        }
        #expect(answer.failure == expected)
        #expect(!answer.requestSent)
    }

    @Test("the system's resolver knows localhost, and no name under .invalid")
    func systemResolver() async throws {
        let server = try Harness.server()
        let answers = try await Harness.withClient { client in
            [
                await client.post(Harness.request(server.uri(host: "localhost"), lane: 1)),
                await client.post(Harness.request("https://rp.lastcall.invalid/", lane: 2)),
            ]
        }
        #expect(answers.map(\.ending) == [.status(200), .failure(.dnsFailure)])
    }

    @Test("fixed addresses come before the system's, whatever the case of the name")
    func fixedAddresses() async throws {
        let server = try Harness.server()
        let address = try #require(IPAddress("127.0.0.1"))
        let lookup = HostLookup { _ in .notFound }.overriding(["a.rp.test": [address], "gone.rp.test": []])
        let answers = try await Harness.withClient {
            $0.lookup = lookup
        } _: { client in
            [
                await client.post(Harness.request(server.uri(host: "A.rp.TEST"), lane: 1)),
                await client.post(Harness.request(server.uri(host: "gone.rp.test"), lane: 2)),
                await client.post(Harness.request(server.uri(host: "other.rp.test"), lane: 3)),
            ]
        }
        #expect(answers.map(\.ending) == [.status(200), .failure(.dnsFailure), .failure(.dnsFailure)])
    }

    @Test("an address that does not answer falls through to the next one")
    func fallsThrough() async throws {
        let server = try Harness.server()
        let closed = try ClosedPort(ipv6: true, port: server.port)
        defer { withExtendedLifetime(closed) {} }
        let answer = try await Harness.withClient {
            // Nobody listens at this port on the first two.
            $0.lookup = Harness.everyName("127.0.0.2", "::1", "127.0.0.1")
        } _: { client in
            await client.post(Harness.request(server.uri(host: "a.rp.test")))
        }
        #expect(answer.status == 200)
        #expect(answer.remoteAddress == "127.0.0.1")
    }

    @Test("a process without descriptors says so, and does not blame the RP")
    func noDescriptors() async {
        await #expect(processExitsWith: .success) {
            let server = try Harness.server()
            let answer = try await Harness.withClient { client in
                #expect(await client.post(Harness.request(server.uri(), lane: 1)).status == 200)
                return try await Descriptors.whileExhausted {
                    await client.post(Harness.request(server.uri(), lane: 2))
                }
            }
            try #require(answer.failure == .localError(.noDescriptor))
        }
    }
}
