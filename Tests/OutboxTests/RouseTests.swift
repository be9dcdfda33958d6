import LastcallSQL
import LastcallTestKit
import LogoutModel
import Outbox
import PostgresClient
import Testing

@Suite("Retries after a breaker has closed", .lastcallDatabase, .timeLimit(.minutes(30)))
struct RouseTests {
    /// Retries that wait for a client whose breaker is half-open.
    private func waiting(_ count: Int, for clientID: String, in bench: Workbench) async throws -> Int32 {
        let lane = try await bench.putClient(clientID)
        try await bench.accept(count, for: clientID)
        for claimed in try await bench.claim(lane) {
            try await bench.settle(claimed, .retry(after: .seconds(3_000), isExcused: false), .timeout)
        }
        _ = try await bench.store.openBreaker(of: lane, trips: 0, for: .milliseconds(1), failures: 5)
        try bench.run("update lastcall.clients set breaker_open_until = now() where breaker_trips > 0")
        return lane
    }

    /// Closes the breaker; what waits is due at once.
    private func close(_ lane: Int32, _ bench: Workbench) async throws {
        #expect(try await bench.store.closeBreaker(of: lane, trips: 1, replayRate: 1))
        try bench.run("update lastcall.clients set breaker_recovered_at = breaker_closed_at")
    }

    private func due(_ lane: Int32, _ bench: Workbench) throws -> Int {
        try bench.number(
            "select count(*) from lastcall.delivery_queue where client_key = \(lane) and due_at <= clock_timestamp()"
        )
    }

    @Test("they become due in steps of bounded size, whichever process makes them, and nobody else's do")
    func steps() async throws {
        let bench = try await Workbench()
        let lane = try await waiting(7, for: "rp", in: bench)
        let other = try await waiting(2, for: "other", in: bench)
        try bench.run("update lastcall.delivery_queue set priority = 'bulk' where sid in ('s0', 's1')")
        #expect(try await bench.store.rouse(limit: 3) == nil)
        #expect(try due(lane, bench) == 0)
        try await close(lane, bench)
        // Three and the two that are bulk, then what is left.
        for expected in [5, 7] {
            #expect(try await bench.store.rouse(limit: 3) == lane)
            #expect(try due(lane, bench) == expected)
        }
        #expect(try await bench.store.rouse(limit: 3) == nil)
        #expect(try due(other, bench) == 0)
        #expect(try bench.texts("select distinct attempt_count from lastcall.delivery_queue") == ["1"])
        #expect(try await bench.claim(lane).count == 7)
    }

    @Test("what was tried since the breaker was open keeps the wait that it was given")
    func triedSince() async throws {
        let bench = try await Workbench()
        let lane = try await waiting(2, for: "rp", in: bench)
        _ = try await bench.accept([.sid("rp", "trial")])
        let trial = try #require(try await bench.claim(lane).first)
        #expect(trial.sid == "trial")
        try await bench.settle(trial, .retry(after: .seconds(600), isExcused: false), .rateLimited)
        try await close(lane, bench)
        #expect(try await bench.store.rouse() == lane)
        #expect(
            try bench.texts("select sid from lastcall.delivery_queue where due_at > clock_timestamp()") == [
                "trial"
            ]
        )
    }

    @Test("a step that is lost before its commit is made again")
    func lostStep() async throws {
        let bench = try await Workbench()
        let lane = try await waiting(4, for: "rp", in: bench)
        try await close(lane, bench)
        try bench.run("begin")
        let rows = try bench.rows(SQLText.rouse.text, .int4(3))
        #expect(try rows.map { try $0.int4(1) } == [3])
        // Another process meanwhile: it does not wait.
        #expect(try await bench.store.rouse(limit: 3) == nil)
        try bench.run("rollback")
        #expect(try due(lane, bench) == 0)
        for _ in 0..<2 { #expect(try await bench.store.rouse(limit: 3) == lane) }
        #expect(try due(lane, bench) == 4)
        #expect(try await bench.store.rouse(limit: 3) == nil)
    }

    @Test("a breaker that opens again leaves the rest as it is")
    func opensAgain() async throws {
        let bench = try await Workbench()
        let lane = try await waiting(4, for: "rp", in: bench)
        try await close(lane, bench)
        #expect(try await bench.store.rouse(limit: 3) == lane)
        _ = try await bench.store.openBreaker(of: lane, trips: 0, for: .seconds(5), failures: 5)
        #expect(try await bench.store.rouse(limit: 3) == nil)
        #expect(try due(lane, bench) == 3)
    }
}
