import LastcallTestKit
import LogoutModel
import Outbox
import PostgresClient
import Testing

@Suite("Breakers in clients' rows", .lastcallDatabase, .timeLimit(.minutes(30)))
struct BreakerTests {
    private static let past = "update lastcall.clients set breaker_open_until = now() - interval '1 s'"

    /// What the audit trail says of breakers, oldest first.
    private func audit(_ bench: Workbench) throws -> [String] {
        try bench.texts(
            """
            select concat_ws(' ', type, severity, actor, client_id, data - 'open_seconds' - 'replay_seconds') from lastcall.audit_events
            where type in ('breaker.opened', 'breaker.closed') order by audit_id
            """
        )
    }

    private func state(_ bench: Workbench) async throws -> BreakerState? {
        try await bench.store.client("rp", of: bench.issuer)?.breaker
    }

    @Test(
        "a breaker opens, is half-open when its time is over, opens again, and closes, each with its audit event"
    )
    func life() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        #expect(try await state(bench) == .closed)
        #expect(try await bench.store.openBreaker(of: lane, trips: 0, for: .seconds(5), failures: 5) == 1)
        #expect(try await state(bench) == .open)
        let left =
            "select extract(epoch from breaker_open_until - now())::float8 between 3 and 5.001 from lastcall.clients"
        #expect(try bench.texts(left) == ["true"])
        try bench.run(Self.past)
        #expect(try await state(bench) == .halfOpen)
        #expect(try await bench.store.openBreaker(of: lane, trips: 1, for: .seconds(10), failures: 6) == 2)
        #expect(try await state(bench) == .open)
        #expect(try await bench.store.closeBreaker(of: lane, trips: 2, replayRate: 1))
        #expect(try await state(bench) == .closed)
        #expect(
            try audit(bench) == [
                #"breaker.opened warning system rp {"trips": 1, "failures": 5}"#,
                #"breaker.opened warning system rp {"trips": 2, "failures": 6}"#,
                #"breaker.closed info system rp {"trips": 2}"#,
            ]
        )
        let lengths =
            "select data ->> 'open_seconds' from lastcall.audit_events where type = 'breaker.opened' order by audit_id"
        #expect(try bench.texts(lengths) == ["5.000", "10.000"])
        // A change of the client leaves it alone, and it is no change of the client.
        #expect(try await bench.store.openBreaker(of: lane, trips: 0, for: .seconds(5), failures: 5) == 1)
        try await bench.putClient("rp")
        #expect(try await state(bench) == .open)
        #expect(try bench.texts("select version from lastcall.clients") == ["2"])
    }

    @Test(
        "a wish that is based on another state changes nothing",
        arguments: [
            // trips and state in the row, trips of the wish, whether it opens, whether it closes
            (0, false, 0, true, false), (0, false, 1, false, false), (1, true, 0, false, false),
            (1, true, 1, false, true), (1, false, 1, true, true), (2, false, 1, false, false),
            (2, false, 3, false, false),
        ]
    )
    func fence(trips: Int, isOpen: Bool, asked: Int, opens: Bool, closes: Bool) async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        let row = """
            update lastcall.clients set breaker_trips = \(trips), breaker_rousing = false,
                breaker_open_until = now() + interval '\(isOpen ? 1 : -1) min'
            """
        try bench.run(row)
        let opened = try await bench.store.openBreaker(of: lane, trips: asked, for: .seconds(5), failures: 5)
        #expect(opened == (opens ? trips + 1 : nil))
        try bench.run(row)
        #expect(try await bench.store.closeBreaker(of: lane, trips: asked, replayRate: 1) == closes)
        #expect(try audit(bench).count == (opens ? 1 : 0) + (closes ? 1 : 0))
    }

    @Test("of many processes that see an RP fail or recover at once, one changes the breaker")
    func concurrent() async throws {
        let bench = try await Workbench(connections: 8)
        let lane = try await bench.putClient("rp")
        let store = bench.store
        for trips in 0..<3 {
            let opened = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        try await store.openBreaker(of: lane, trips: trips, for: .seconds(5), failures: 5)
                            == nil
                            ? 0 : 1
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(opened == 1)
            try bench.run(Self.past)
        }
        let closed = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask { try await store.closeBreaker(of: lane, trips: 3, replayRate: 1) ? 1 : 0 }
            }
            return try await group.reduce(0, +)
        }
        #expect(closed == 1)
        #expect(try audit(bench).count == 4)
    }

    @Test("a change whose audit event cannot be written is no change")
    func auditedOrNot() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try bench.refuseAudit()
        await #expect(throws: PostgresError.self) {
            try await bench.store.openBreaker(of: lane, trips: 0, for: .seconds(5), failures: 5)
        }
        #expect(try await state(bench) == .closed)
        try bench.run("update lastcall.clients set breaker_trips = 1")
        await #expect(throws: PostgresError.self) {
            try await bench.store.closeBreaker(of: lane, trips: 1, replayRate: 1)
        }
        #expect(try await state(bench) == .halfOpen)
    }

    @Test(
        "a half-open breaker lets one delivery through, of whatever priority, until it has ended or its lease has"
    )
    func halfOpen() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp", delivery: #"{"max_in_flight": 4}"#)
        try await bench.accept(5, for: "rp")
        try bench.run("update lastcall.delivery_queue set priority = 'bulk' where sid <> 's0'")
        try bench.run("update lastcall.clients set breaker_trips = 2")
        let trial = try #require(try await bench.claim(lane).first)
        #expect(trial.sid == "s0")
        #expect(trial.breakerTrips == 2)
        #expect(try await bench.claim(lane).isEmpty)
        // Its worker is lost: the next one takes over.
        try bench.expireLeases()
        let second = try await bench.claim(lane)
        #expect(second.map(\.sid) == ["s0"])
        #expect(second.map(\.hadUnknownOutcome) == [true])
        #expect(try await bench.claim(lane).isEmpty)
        try await bench.settle(second[0], .retry(after: .seconds(60), isExcused: false), .serverError)
        #expect(try await bench.claim(lane).count == 1)
        #expect(try await bench.claim(lane).isEmpty)
    }

    @Test("what was in flight when the breaker opened counts as the one in flight while it is half-open")
    func oneInTheFleet() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp", delivery: #"{"max_in_flight": 3}"#)
        try await bench.accept(9, for: "rp")
        let before = try await bench.claim(lane)
        #expect(before.count == 3)
        try bench.run("update lastcall.clients set breaker_trips = 1")
        for (place, claimed) in before.enumerated() {
            #expect(try await bench.claim(lane).isEmpty, "\(place)")
            try await bench.settle(claimed, .retry(after: .seconds(60), isExcused: false), .timeout)
        }
        #expect(try await bench.claim(lane).count == 1)
    }

    @Test(
        "in the first second after it has closed half as many go out as usual, at least one",
        // A time to come stands for just now, so that a slow machine changes nothing.
        arguments: [(16, "-1 h", 8), (5, "-1 h", 2), (1, "-1 h", 1), (16, "1 s", 16), (16, "1 h", 16)]
    )
    func firstSecond(cap: Int, ago: String, expected: Int) async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp", delivery: #"{"max_in_flight": \#(cap)}"#)
        try await bench.accept(40, for: "rp")
        try bench.run("update lastcall.clients set breaker_closed_at = now() - interval '\(ago)'")
        #expect(try await bench.claim(lane).count == expected)
        #expect(try await bench.claim(lane).isEmpty)
    }

    @Test("an open breaker burns no attempt, and a deadline that passes meanwhile is not lost silently")
    func open() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try await bench.accept(2, for: "rp")
        _ = try await bench.store.openBreaker(of: lane, trips: 0, for: .seconds(60), failures: 5)
        for _ in 0..<3 { #expect(try await bench.claim(lane).isEmpty) }
        #expect(try await bench.store.lanesDue(after: .min, limit: 10).isEmpty)
        #expect(try bench.texts("select distinct attempt_count from lastcall.delivery_queue") == ["0"])
        try bench.run("update lastcall.delivery_queue set deliver_before = now() where sid = 's0'")
        #expect(try await bench.store.endOverdue(worker: bench.worker) == 1)
        #expect(
            try bench.texts("select concat_ws(' ', sid, status, reason) from lastcall.deliveries") == [
                "s0 expired deadline_passed"
            ]
        )
        #expect(try bench.audit().contains("logout.back_channel.expired error"))
        try bench.run(Self.past)
        #expect(try await bench.store.lanesDue(after: .min, limit: 10).map(\.lane) == [lane])
        #expect(try await bench.claim(lane).map(\.attempt) == [1])
    }
}
