import LastcallSQL
import LastcallTestKit
import LogoutModel
import Outbox
import PostgresClient
import Testing

@Suite("Priorities in a lane", .lastcallDatabase, .timeLimit(.minutes(30)))
struct PriorityTests {
    /// Accepts deliveries of a priority for one client; their `sid`s tell them apart.
    private func accept(_ priority: Priority, _ count: Int, _ bench: Workbench) async throws {
        var request = bench.request((0..<count).map { .sid("rp", "\(priority.rawValue) \($0)") })
        request.priority = priority
        _ = try await bench.accept(request)
    }

    private func heads(_ bench: Workbench) throws -> LaneHeads {
        func head(_ priority: String) throws -> Timestamp? {
            try bench.rows(
                "select min(due_at) from lastcall.delivery_queue where priority::text = '\(priority)'"
            )
            .first?.optionalTimestamp(0).map(Timestamp.init(microseconds:))
        }
        return LaneHeads(interactive: try head("interactive"), bulk: try head("bulk"))
    }

    @Test("interactive deliveries are claimed before bulk ones that have been due for longer")
    func order() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp", delivery: #"{"max_in_flight": 4}"#)
        try await accept(.bulk, 40, bench)
        try await accept(.interactive, 3, bench)
        let first = try await bench.claim(lane, quota: 2)
        #expect(
            Set(first.compactMap(\.sid)).isSubset(of: ["interactive 0", "interactive 1", "interactive 2"])
        )
        let second = try await bench.claim(lane)
        #expect(second.compactMap(\.sid).count { $0.hasPrefix("bulk") } == 1)
        // Four are in flight, of both.
        try await accept(.interactive, 1, bench)
        #expect(try await bench.claim(lane).isEmpty)
        let bulk = try #require(second.first { $0.sid?.hasPrefix("bulk") == true })
        try await bench.settle(bulk, .delivered([]), .delivered, status: 200)
        #expect(try await bench.claim(lane).map(\.sid) == ["interactive 0"])
    }

    @Test("bulk deliveries in flight, and their late commits, never make a lane exceed its cap")
    func cap() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp", delivery: #"{"max_in_flight": 4}"#)
        try await accept(.bulk, 4, bench)
        #expect(try await bench.claim(lane).count == 4)
        try await accept(.bulk, 4, bench)
        try await accept(.interactive, 8, bench)
        try bench.run(
            "update lastcall.delivery_queue set due_at = due_at - interval '1 h' where lease_until = '-infinity'"
        )
        #expect(try await bench.claim(lane).isEmpty)
    }

    @Test("each priority has a mark of its own, and a claim tells the head of each")
    func marks() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try await accept(.bulk, 1, bench)
        try await accept(.interactive, 1, bench)
        let heads = try heads(bench)
        let (interactive, bulk) = (try #require(heads.interactive), try #require(heads.bulk))
        func claim(_ mark: Timestamp, _ bulkMark: Timestamp) async throws -> ClaimedBatch {
            let lanes = [LaneClaim(client: lane, lowWater: mark, bulkLowWater: bulkMark, quota: 10)]
            let batch = try await bench.store.claim(lanes, limit: 10, worker: bench.worker, defaults: .usual)
            try await bench.store.release(batch.deliveries.map(\.lease), worker: bench.worker)
            return batch
        }
        let beyond = Duration.microseconds(1)
        var batch = try await claim(interactive, bulk)
        #expect(batch.deliveries.count == 2)
        #expect(batch.lanes[lane]?.heads == heads)
        batch = try await claim(interactive.advanced(by: beyond), bulk)
        #expect(batch.deliveries.map(\.sid) == ["bulk 0"])
        #expect(batch.lanes[lane]?.heads == LaneHeads(interactive: nil, bulk: bulk))
        batch = try await claim(interactive, bulk.advanced(by: beyond))
        #expect(batch.deliveries.map(\.sid) == ["interactive 0"])
        #expect(batch.lanes[lane]?.heads == LaneHeads(interactive: interactive))
    }

    @Test(
        "a look through the queue finds a lane by either priority, once, with both heads",
        arguments: [
            // due now? interactive, bulk (nil: none of it)
            (true, true), (true, nil), (nil, true), (true, false), (false, true), (false, false),
            (nil, false),
        ] as [(Bool?, Bool?)]
    )
    func look(interactive: Bool?, bulk: Bool?) async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        for (priority, isDue) in [(Priority.interactive, interactive), (Priority.bulk, bulk)] {
            guard let isDue else { continue }
            try await accept(priority, 2, bench)
            guard !isDue else { continue }
            try bench.run(
                "update lastcall.delivery_queue set due_at = now() + interval '1 h' where priority = '\(priority.rawValue)'"
            )
        }
        let found = try await bench.store.lanesDue(after: .min, limit: 10)
        let isFound = interactive == true || bulk == true
        #expect(found.map(\.lane) == (isFound ? [lane] : []))
        #expect(found.map(\.heads) == (isFound ? [try heads(bench)] : []))
    }

    @Test(
        "a look through the queue passes over lanes that may not be sent to",
        arguments: [
            ("held_at = now()", false), ("deleted_at = now()", false),
            ("breaker_trips = 1, breaker_open_until = now() + interval '1 min'", false),
            ("breaker_trips = 1, breaker_open_until = now()", true), ("breaker_closed_at = now()", true),
        ]
    )
    func closedLanes(change: String, isFound: Bool) async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        let other = try await bench.putClient("other")
        try await bench.accept(1, for: "rp")
        try await bench.accept(1, for: "other")
        try bench.run("update lastcall.clients set \(change) where client_id = 'rp'")
        let found = try await bench.store.lanesDue(after: .min, limit: isFound ? 2 : 1)
        #expect(found.map(\.lane) == (isFound ? [lane, other] : [other]))
    }

    /// With the time of day as a filter instead of a bound of the index, a claim walked every retry that waits.
    @Test("what a claim reads depends on the cap, not on what waits", arguments: ["due", "not due"])
    func cost(kind: String) async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp", delivery: #"{"max_in_flight": 4}"#)
        try bench.run(
            """
            insert into lastcall.delivery_queue (delivery_id, issuer_key, client_key, priority, due_at, deliver_before, sid)
            select lastcall.delivery_id(lastcall.new_event_id(), 1), \(bench.issuer), \(lane), p::lastcall.priority,
                now() \(kind == "due" ? "-" : "+") n * interval '1 s', now() + interval '1 day', n::text
            from generate_series(1, 5000) n, unnest(array['interactive', 'bulk']) p;
            analyze lastcall.delivery_queue
            """
        )
        let plan = try bench.rows(
            "explain (analyze, costs off, timing off) \(SQLText.claim.text)",
            .int4(bench.worker),
            .int4Array([lane]),
            .timestampArray([.min]),
            .timestampArray([.min]),
            .int4Array([2]),
            .int4(10),
            .float8(10),
            .float8(3),
            .int4(16),
            .float8(5)
        ).map { try $0.text(0) }
        let lines = plan.filter { $0.contains(" on delivery_queue q") }
        #expect(!lines.contains { $0.contains("Seq Scan") })
        let windows = lines.filter { $0.contains("delivery_queue_lane") }
        #expect(windows.count == 2)
        for line in windows {
            #expect(line.contains("(actual rows=\(kind == "due" ? 8 : 0) loops=1)"), "\(line)")
        }
        #expect(!plan.contains { $0.contains("Rows Removed by Filter: 5000") })
    }
}
