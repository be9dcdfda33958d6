import LastcallTestKit
import LogoutModel
import Outbox
import PostgresClient
import Testing

@Suite("How the fleet's queue stands", .lastcallDatabase, .timeLimit(.minutes(30)))
struct PulseTests {
    private static let late = "update lastcall.delivery_queue set due_at = now() - interval '90 s'"

    @Test("what may be sent and is not counts as late, and nothing else does")
    func late() async throws {
        let bench = try await Workbench()
        #expect(try await bench.store.pulse().oldestDueSeconds == nil)
        let lane = try await bench.putClient("rp")
        try await bench.accept(1, for: "rp")
        try bench.run(Self.late)
        let late = try #require(try await bench.store.pulse().oldestDueSeconds)
        #expect((90..<150).contains(late))

        // In flight.
        let claimed = try await bench.claim(lane)
        #expect(claimed.count == 1)
        #expect(try await bench.store.pulse().oldestDueSeconds == nil)
        try bench.expireLeases()
        #expect(try await bench.store.pulse().oldestDueSeconds != nil)

        for state in [
            "held_at = now()", "breaker_trips = 1, breaker_opened_at = now() - interval '30 s'",
            // What waits was accepted before its client came back, and goes out at the rate at which it came.
            "breaker_closed_at = now(), breaker_recovered_at = now() + interval '60 s'",
        ] {
            try bench.run("update lastcall.clients set \(state)")
            #expect(try await bench.store.pulse().oldestDueSeconds == nil, "\(state)")
            try bench.run(
                "update lastcall.clients set held_at = null, breaker_trips = 0, breaker_recovered_at = '-infinity'"
            )
            #expect(try await bench.store.pulse().oldestDueSeconds != nil)
        }
        try bench.run("update lastcall.delivery_queue set due_at = now() + interval '1 h'")
        #expect(try await bench.store.pulse().oldestDueSeconds == nil)
    }

    @Test("clients with something to come are counted, those on hold and those whose breaker is open too")
    func lanes() async throws {
        let bench = try await Workbench()
        for client in ["a", "b", "c", "idle"] { try await bench.putClient(client) }
        for client in ["a", "b", "c"] { try await bench.accept(3, for: client) }
        try bench.run("update lastcall.clients set held_at = now() where client_id = 'a'")
        try bench.run(
            """
            update lastcall.clients set breaker_trips = 2, breaker_opened_at = now() - interval '300 s'
            where client_id in ('b', 'idle')
            """
        )
        let pulse = try await bench.store.pulse()
        #expect(pulse.lanes == 3 && pulse.heldLanes == 1 && pulse.openBreakers == 1)
        #expect((300..<400).contains(try #require(pulse.breakerOpenSeconds)))
    }

    @Test("what has not ended is known from the statistics, without a look at the rows")
    func estimates() async throws {
        let bench = try await Workbench()
        try await bench.putClient("rp")
        try await bench.accept(500, for: "rp")
        try await eventually("the statistics") { try await bench.store.pulse().open == 500 }
    }

    @Test("a snapshot that is held is seen, with its age")
    func snapshot() async throws {
        // A server of its own, as the snapshots of others count; no housekeeping of its own either.
        let cluster = try ScratchCluster(settings: ["autovacuum": "off"])
        let configuration = try PostgresConfiguration(
            connectionString: cluster.connectionString(database: try await cluster.createDatabase())
        )
        try await Migrator(OutboxSchema.migrations()).migrate(configuration, deadline: .seconds(60))
        let store = Workbench.store(try PostgresPool(configuration: configuration, size: 2))
        #expect(try await store.pulse().snapshotSeconds == nil)
        let holder = try PostgresConnection.connect(configuration)
        try holder.execute(script: "begin isolation level repeatable read; select 1")
        let age = try #require(try await store.pulse().snapshotSeconds)
        try await eventually("a higher age") { try await store.pulse().snapshotSeconds ?? 0 > age }
        try holder.execute(script: "rollback")
        #expect(try await store.pulse().snapshotSeconds == nil)
    }

    @Test("a claim says how many of its deliveries somebody else had lost")
    func lost() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try await bench.accept(3, for: "rp")
        func claim(_ quota: Int) async throws -> ClaimedBatch {
            let lanes = [LaneClaim(client: lane, lowWater: .beginning, quota: quota)]
            return try await bench.store.claim(lanes, limit: 10, worker: bench.worker, defaults: .usual)
        }
        #expect(try await claim(2).lost == 0)
        try bench.expireLeases()
        let again = try await claim(3)
        #expect(again.deliveries.count == 3 && again.lost == 2)
        // An expired lease is counted once, however often its attempts were lost before.
        for claimed in again.deliveries {
            try await bench.settle(claimed, .retry(after: .zero, isExcused: false), .timeout)
        }
        let third = try await claim(3)
        #expect(third.deliveries.contains { $0.hadUnknownOutcome } && third.lost == 0)
    }

    @Test("an event's trace is found by its id; one that has none, or an older release's, is left out")
    func traces() async throws {
        let bench = try await Workbench()
        try await bench.putClient("rp")
        var request = bench.request([.sid("rp", "s")])
        let trace = try #require(
            TraceContext(traceParent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        )
        request.trace = trace
        let traced = try #require(try await bench.accept(request).accepted).event
        let bare = try await bench.accept(1, for: "rp").event
        let events = Set([traced, bare].map { IssuerEvent(issuerKey: bench.issuer, id: $0.id) })
        let found = try await bench.store.traces(of: events)
        #expect(found == [IssuerEvent(issuerKey: bench.issuer, id: traced.id): trace])
        let other = IssuerEvent(issuerKey: bench.issuer + 1, id: traced.id)
        #expect(try await bench.store.traces(of: [other]).isEmpty)
        let shown = try await bench.store.event(traced.id, of: bench.issuer)?.event
        #expect(shown?.traceID == trace.traceID)
        try bench.run("update lastcall.logout_events set trace_id = left(trace_id, 32)")
        #expect(try await bench.store.traces(of: events).isEmpty)
    }
}
