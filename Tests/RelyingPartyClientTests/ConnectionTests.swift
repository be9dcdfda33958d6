import DeliveryPolicy
import LastcallTestKit
import RelyingPartyClient
import Testing

@Suite("Connections")
struct ConnectionTests {
    @Test("posts of one lane, one after the other, share one connection")
    func keepAlive() async throws {
        let server = try Harness.server()
        try await Harness.withClient { client in
            for number in 1...20 {
                let answer = await client.post(Harness.request(server.uri("/p?n=\(number)")))
                #expect(answer.status == 200)
            }
        }
        #expect(server.connections == 1)
        #expect(server.received.map(\.target) == (1...20).map { "/p?n=\($0)" })
    }

    @Test("lanes never share a connection, though they share a server")
    func lanes() async throws {
        let server = try Harness.server()
        try await Harness.withClient { client in
            for _ in 1...3 {
                for lane in 1...4 {
                    #expect(await client.post(Harness.request(server.uri(), lane: Int64(lane))).status == 200)
                }
            }
        }
        let connections = server.received.map(\.connection)
        #expect(connections == [1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4])
    }

    @Test("a lane that moves to another server leaves the first one's connections behind")
    func movedLane() async throws {
        let first = try Harness.server()
        let second = try Harness.server()
        let answers = try await Harness.withClient { client in
            [
                await client.post(Harness.request(first.uri())),
                await client.post(Harness.request(second.uri())),
                await client.post(Harness.request(second.uri("/other"))),
                await client.post(Harness.request(first.uri())),
            ]
        }
        #expect(answers.map(\.status) == [200, 200, 200, 200])
        #expect(second.received.map(\.target) == ["/backchannel-logout", "/other"])
        #expect(second.connections == 1)
        #expect(first.received.count == 2)
    }

    @Test("a name that moves is followed once its addresses are looked up again")
    func movedName() async throws {
        let server = try Harness.server()
        let six = try Harness.server(ipv6: true)
        // Two names for two servers on one lane each: each keeps its own addresses.
        let hosts = ["a.rp.test": [IPAddress("127.0.0.1")], "b.rp.test": [IPAddress("::1")]]
        let answers = try await Harness.withClient {
            $0.lookup = HostLookup.system.overriding(hosts.mapValues { $0.compactMap { $0 } })
        } _: { client in
            [
                await client.post(Harness.request(server.uri(host: "a.rp.test"), lane: 1)),
                await client.post(Harness.request(six.uri(host: "b.rp.test"), lane: 2)),
                await client.post(Harness.request(server.uri(host: "a.rp.test"), lane: 1)),
            ]
        }
        #expect(answers.map(\.remoteAddress) == ["127.0.0.1", "::1", "127.0.0.1"])
    }

    @Test("hundreds in flight: RPs that hang delay nobody else")
    func manyInFlight() async throws {
        let gate = Gate()
        let hanging = try Harness.server(standing: .gate(gate, then: .ok))
        let healthy = try Harness.server()
        defer { gate.open() }
        try await Harness.withClient { client in
            let stuck = (0..<100).map { Harness.request(hanging.uri(), lane: Int64($0 % 10)) }
            let (ends, end) = AsyncStream.makeStream(of: Int?.self)
            client.post(batch: stuck) { _, answer in end.yield(answer.status) }
            _ = try await hanging.next(100)

            let statuses = await withTaskGroup(of: Int?.self) { group in
                for index in 0..<300 {
                    group.addTask {
                        await client.post(Harness.request(healthy.uri(), lane: Int64(100 + index % 50)))
                            .status
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses == Array(repeating: 200, count: 300))

            gate.open()
            var freed: [Int?] = []
            for await status in ends.prefix(100) { freed.append(status) }
            #expect(freed == Array(repeating: 200, count: 100))
        }
        #expect(healthy.received.count == 300)
        #expect(hanging.received.count == 100)
    }
}
