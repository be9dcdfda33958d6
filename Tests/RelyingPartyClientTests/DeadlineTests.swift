import DeliveryPolicy
import LastcallTestKit
import RelyingPartyClient
import Synchronization
import Testing

@Suite("One deadline for everything")
struct DeadlineTests {
    private static let short = Duration.milliseconds(300)

    /// What a deadline makes of a step that does not end, on a connection that is open already: then even a busy
    /// machine gets as far as sending the request within it.
    private func atDeadline(_ step: ScriptedStep) async throws -> Answer {
        let server = try Harness.server()
        server.script(.ok, step)
        return try await Harness.withClient { client in
            #expect(await client.post(Harness.request(server.uri())).status == 200)
            return await client.post(Harness.request(server.uri(), timeout: .seconds(2)))
        }
    }

    @Test("an RP that never answers is a timeout, after the request was sent")
    func hang() async throws {
        let answer = try await atDeadline(.hang)
        #expect(answer.failure == .timeout(sent: true))
        #expect(answer.requestSent)
    }

    @Test("an RP that drips its headers is a timeout")
    func drip() async throws {
        let answer = try await atDeadline(.drip("HTTP/1.1 200 OK\r\nX: a", every: .milliseconds(5)))
        #expect(answer.failure == .timeout(sent: true))
    }

    @Test("an RP that drips its body has answered")
    func dripBody() async throws {
        let answer = try await atDeadline(.drip("HTTP/1.1 200 OK\r\n\r\nb", every: .milliseconds(1)))
        #expect(answer.ending == .status(200))
    }

    @Test("a handshake that stalls is a timeout before the request was sent")
    func stalledHandshake() async throws {
        let server = try Harness.server(.stalled)
        let answer = try await Harness.withClient { client in
            await client.post(Harness.request(server.uri(), timeout: Self.short))
        }
        #expect(answer.failure == .timeout(sent: false))
        #expect(!answer.requestSent)
    }

    @Test("no time at all is a timeout, and nothing is sent", arguments: [Duration.zero, .seconds(-1)])
    func noTime(timeout: Duration) async throws {
        let server = try Harness.server()
        let answer = try await Harness.withClient { client in
            await client.post(Harness.request(server.uri(), timeout: timeout))
        }
        #expect(answer.failure == .timeout(sent: false))
        #expect(server.connections == 0)
    }

    @Test("a resolver that never answers delays its own name and no other")
    func stalledLookup() async throws {
        let server = try Harness.server()
        let gate = Gate()
        let lookup = HostLookup { host in
            if host.hasPrefix("slow") { gate.wait() }
            return IPAddress("127.0.0.1").map { .addresses([$0]) } ?? .notFound
        }
        defer { gate.open() }
        try await Harness.withClient {
            $0.lookup = lookup
        } _: { client in
            async let slow = client.post(
                Harness.request(server.uri(host: "slow.rp.test"), lane: 1, timeout: Self.short)
            )
            let quick = await client.post(Harness.request(server.uri(host: "quick.rp.test"), lane: 2))
            #expect(quick.status == 200)
            #expect(await slow.failure == .timeout(sent: false))
        }
    }

    @Test("names with dead servers, however many, leave threads for healthy ones")
    func deadNames() async throws {
        let server = try Harness.server()
        let gate = Gate()
        let asked = Mutex<Set<String>>([])
        let lookup = HostLookup { host in
            guard host.hasPrefix("dead") else { return .addresses([IPAddress(v4: 0x7f00_0001)]) }
            guard asked.withLock({ $0.insert(host).inserted }) else {
                gate.wait()
                return .unavailable
            }
            return .unavailable
        }
        defer { gate.open() }
        try await Harness.withClient {
            $0.lookup = lookup
            $0.lookupThreads = 4
        } _: { client in
            let dead = (0..<8).map { Harness.request(server.uri(host: "dead\($0).rp.test"), lane: Int64($0)) }
            for request in dead { #expect(await client.post(request).failure == .dnsFailure) }
            // Each has failed once: together they may hold two of the four threads, and the gate keeps them there.
            client.post(batch: dead) { _, _ in }
            let quick = Harness.request(server.uri(host: "quick.rp.test"), lane: 100, timeout: .seconds(20))
            #expect(await client.post(quick).status == 200)
        }
    }

    @Test("requests for one name share one lookup")
    func sharedLookup() async throws {
        let server = try Harness.server()
        let gate = Gate()
        let lookups = Mutex(0)
        let lookup = HostLookup { _ in
            lookups.withLock { $0 += 1 }
            gate.wait()
            return .addresses([IPAddress(v4: 0x7f00_0001)])
        }
        try await Harness.withClient {
            $0.lookup = lookup
        } _: { client in
            async let first = client.post(Harness.request(server.uri(host: "A.rp.test"), lane: 1))
            async let second = client.post(Harness.request(server.uri(host: "a.rp.test"), lane: 2))
            // Refused on the client's thread, after the two: by then both have asked for the name.
            async let behind = client.post(Harness.request("ftp://a.rp.test/", lane: 3))
            _ = await behind
            gate.open()
            #expect(await [first.status, second.status] == [200, 200])
        }
        #expect(lookups.withLock { $0 } == 1)
    }
}
