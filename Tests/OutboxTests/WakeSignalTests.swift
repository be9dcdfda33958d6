import LastcallTestKit
import Outbox
import PostgresClient
import Testing

@Suite("Wake signal", .lastcallDatabase, .timeLimit(.minutes(30)))
struct WakeSignalTests {
    @Test("lanes are announced in this process at once, and to other processes through NOTIFY")
    func announces() async throws {
        let bench = try await Workbench()
        let (events, sink) = AsyncStream.makeStream(of: PostgresListener.Event.self)
        let listener = PostgresListener(
            configuration: try ScratchDatabase.current.configuration,
            channels: [WakeSignal.channel]
        ) { sink.yield($0) }
        let listening = Task { try await listener.run() }
        var received = events.makeAsyncIterator()
        #expect(await received.next() == .connected)
        let wake = WakeSignal(store: bench.store)
        let (local, localSink) = AsyncStream.makeStream(of: [Int32].self)
        wake.listen { localSink.yield($0) }
        // Before it runs: announced lanes are kept, each once, and sent together.
        wake.announce([3, 1])
        wake.announce([2, 1])
        var heard = local.makeAsyncIterator()
        #expect(await heard.next() == [3, 1])
        #expect(await heard.next() == [2, 1])
        let running = Task { try await wake.run() }
        #expect(await received.next() == .notification(channel: "lastcall_due", payload: "1,2,3"))
        wake.announce(Array(1...501))
        #expect(await received.next() == .notification(channel: "lastcall_due", payload: ""))
        wake.announce([7])
        #expect(await received.next() == .notification(channel: "lastcall_due", payload: "7"))
        running.cancel()
        try await running.value
        listening.cancel()
        try await listening.value
    }

    @Test("an accepted event announces the lanes that have something due, after its commit")
    func accepts() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try await bench.putClient("held")
        try bench.run("update lastcall.clients set held_at = now() where client_id = 'held'")
        let wake = WakeSignal(store: bench.store)
        let (announced, sink) = AsyncStream.makeStream(of: [Int32].self)
        wake.listen { sink.yield($0) }
        let gate = GroupCommit(store: bench.store, wake: wake, usualDeliverWithin: 60, maximumWaiting: 9)
        _ = try await gate.accept(bench.request([]))
        _ = try await gate.accept(bench.request([.sub("held", "u"), .sub("unknown", "u")]))
        _ = try await gate.accept(bench.request([.sub("held", "u"), .sub("rp", "u")]))
        var heard = announced.makeAsyncIterator()
        #expect(await heard.next() == [lane])
    }

    @Test(
        "a notification names lanes, or says to look everywhere",
        arguments: [("", [Int32]?.none), ("5", [5]), ("1,22,333", [1, 22, 333]), ("1,x,,2", [1, 2])]
    )
    func payload(text: String, lanes: [Int32]?) {
        #expect(WakeSignal.lanes(in: text) == lanes)
    }
}
