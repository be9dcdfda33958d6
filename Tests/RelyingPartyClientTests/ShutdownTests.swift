import DeliveryPolicy
import LastcallTestKit
import RelyingPartyClient
import Synchronization
import Testing

@Suite("Every request gets exactly one answer")
struct ShutdownTests {
    /// A client that trusts the test servers, not running yet.
    private func makeClient(_ configure: (inout ClientConfiguration) -> Void = { _ in }) throws
        -> RelyingPartyClient
    {
        var configuration = ClientConfiguration(userAgent: "Lastcall/0.0.1")
        configuration.caFile = try TestAuthority.shared().caFile
        configure(&configuration)
        return try RelyingPartyClient(configuration)
    }

    @Test("a shutdown cancels what hangs, and tells whether it was sent")
    func cancelsInFlight() async throws {
        let server = try Harness.server(standing: .hang)
        let client = try makeClient()
        async let running: Void = client.run()
        async let answer = client.post(Harness.request(server.uri()))
        _ = try await server.next()
        client.shutdown(grace: .zero)
        #expect(await answer.failure == .cancelled)
        #expect(await answer.requestSent)
        try await running
    }

    @Test("a shutdown lets what is in flight finish within its grace, and takes on nothing more")
    func finishesInFlight() async throws {
        let gate = Gate()
        let server = try Harness.server(standing: .gate(gate, then: .ok))
        let client = try makeClient()
        async let running: Void = client.run()
        async let answer = client.post(Harness.request(server.uri()))
        _ = try await server.next()
        client.shutdown(grace: Harness.ample)
        #expect(await client.post(Harness.request(server.uri())).failure == .cancelled)
        gate.open()
        #expect(await answer.status == 200)
        try await running
        #expect(server.received.count == 1)
    }

    @Test("a shutdown does not wait for a name that is never resolved")
    func cancelsLookup() async throws {
        let gate = Gate()
        defer { gate.open() }
        let (asked, ask) = AsyncStream.makeStream(of: Void.self)
        let client = try makeClient {
            $0.lookup = HostLookup { _ in
                ask.yield()
                gate.wait()
                return .notFound
            }
        }
        async let running: Void = client.run()
        async let answer = client.post(Harness.request("https://rp.test/"))
        for await _ in asked.prefix(1) {}
        client.shutdown(grace: .zero)
        #expect(await answer.failure == .cancelled)
        try await running
    }

    @Test("cancelling the task of run() is a shutdown")
    func cancelledTask() async throws {
        let server = try Harness.server(standing: .hang)
        let client = try makeClient { $0.shutdownGrace = .zero }
        let running = Task { try await client.run() }
        async let answer = client.post(Harness.request(server.uri()))
        _ = try await server.next()
        running.cancel()
        #expect(await answer.failure == .cancelled)
        try await running.value
    }

    @Test("a request posted before run() waits for it")
    func postedBeforeRun() async throws {
        let server = try Harness.server()
        let client = try makeClient()
        let (ends, end) = AsyncStream.makeStream(of: Answer.self)
        client.post(Harness.request(server.uri())) { end.yield($0) }
        async let running: Void = client.run()
        for await answer in ends.prefix(1) { #expect(answer.status == 200) }
        client.shutdown()
        try await running
    }

    @Test("a client that goes away without having run answers what it was given")
    func neverRun() async throws {
        let answers = Mutex<[TransportFailure?]>([])
        do {
            let client = try makeClient()
            client.post(Harness.request("https://127.0.0.1/")) { answer in
                answers.withLock { $0.append(answer.failure) }
            }
            #expect(answers.withLock { $0.isEmpty })
        }
        #expect(answers.withLock { $0 } == [.cancelled])
    }

    @Test("a second run() is refused")
    func secondRun() async throws {
        let client = try makeClient()
        client.shutdown()
        try await client.run()
        await #expect(throws: RelyingPartyClientError.alreadyRunning) { try await client.run() }
    }

    @Test("whatever happens around a shutdown, each of many requests is answered once")
    func exactlyOnce() async throws {
        let server = try Harness.server()
        let hanging = try Harness.server(standing: .hang)
        let count = 400
        let tally = Tally(count)
        let client = try makeClient { $0.shutdownGrace = .zero }
        async let running: Void = client.run()
        await withTaskGroup(of: Void.self) { group in
            for batch in 0..<8 {
                group.addTask {
                    let requests = (0..<50).map { place in
                        let server = place % 5 == 0 ? hanging : server
                        return Harness.request(server.uri(), lane: Int64(place % 7))
                    }
                    client.post(batch: requests) { place, _ in
                        tally.count(batch * 50 + place)
                    }
                }
            }
            group.addTask {
                _ = try? await server.next(20)
                client.shutdown()
            }
        }
        try await running
        #expect(tally.counts == Array(repeating: 1, count: count))
    }
}

/// How often each request was answered.
private final class Tally: Sendable {
    private let state: Mutex<[Int]>

    init(_ count: Int) {
        state = Mutex(Array(repeating: 0, count: count))
    }

    var counts: [Int] { state.withLock { $0 } }

    func count(_ place: Int) {
        state.withLock { $0[place] += 1 }
    }
}
