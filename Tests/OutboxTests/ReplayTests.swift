import LastcallTestKit
import LogoutModel
import Outbox
import Testing

@Suite("What waited for a client that was down", .lastcallDatabase, .timeLimit(.minutes(30)))
struct ReplayTests {
    /// A client whose breaker has been open for an hour, and a delivery that has come for it each minute since.
    private func outage(_ bench: Workbench, delivery: String = #"{"max_in_flight": 100}"#) async throws
        -> Int32
    {
        let lane = try await bench.putClient("rp", delivery: delivery)
        #expect(
            try await bench.store.openBreaker(of: lane, trips: 0, for: .milliseconds(1), failures: 5) == 1
        )
        try await bench.accept(60, for: "rp")
        try bench.run(
            """
            update lastcall.clients set breaker_opened_at = now() - interval '1 h', breaker_open_until = now();
            update lastcall.delivery_queue set deliver_before = now() + interval '1 day',
                due_at = now() - interval '1 h' + substr(sid, 2)::int * interval '1 min' + interval '30 s'
            """
        )
        return lane
    }

    /// Closes the breaker; what waits is to be sent over so many minutes.
    private func close(_ lane: Int32, over minutes: Int, _ bench: Workbench) async throws {
        #expect(try await bench.store.closeBreaker(of: lane, trips: 1, replayRate: 1))
        try bench.run(
            "update lastcall.clients set breaker_recovered_at = breaker_closed_at + interval '\(minutes) min'"
        )
    }

    private func rouse(_ bench: Workbench) async throws {
        while try await bench.store.rouse(limit: 7) != nil {}
        // Half as many as usual in the first second is another rule.
        try bench.run("update lastcall.clients set breaker_closed_at = breaker_closed_at - interval '2 s'")
    }

    /// Lets minutes pass, as the database has them.
    private func pass(_ minutes: Int, _ bench: Workbench) throws {
        try bench.run("update lastcall.delivery_queue set due_at = due_at - interval '\(minutes) min'")
    }

    @Test("it is sent at the pace at which it came, and what comes now beside it, at once")
    func replay() async throws {
        let bench = try await Workbench()
        let lane = try await outage(bench)
        try await close(lane, over: 120, bench)
        try await rouse(bench)
        #expect(try await bench.claim(lane).isEmpty)
        try await bench.accept([.sid("rp", "fresh")])
        #expect(try await bench.claim(lane).map(\.sid) == ["fresh"])
        // A minute off each side: a slow machine changes nothing.
        try pass(20, bench)
        #expect(try await bench.claim(lane).map(\.sid) == (0..<10).map { "s\($0)" })
        #expect(try await bench.claim(lane).isEmpty)
        try await bench.accept([.sid("rp", "later")])
        try pass(20, bench)
        #expect(try await bench.claim(lane).map(\.sid) == ["later"] + (10..<20).map { "s\($0)" })
        try pass(80, bench)
        #expect(try await bench.claim(lane).count == 40)
    }

    @Test("until all of it has its place only one is in flight")
    func untilPlaced() async throws {
        let bench = try await Workbench()
        let lane = try await outage(bench)
        try await close(lane, over: 60, bench)
        #expect(try await bench.claim(lane).count == 1)
        #expect(try await bench.claim(lane).isEmpty)
        #expect(try await bench.store.rouse(limit: 7) == lane)
        #expect(try await bench.claim(lane).isEmpty)
    }

    @Test(
        "that takes as long as it was down and a quarter, less where the rate asks for it, and half of what the first deadline leaves",
        arguments: [(1, "1 day", 60), (2, "1 day", 30), (60, "1 day", 1), (1, "40 s", 20)]
    )
    func length(rate: Int, deadline: String, expected: Int) async throws {
        let bench = try await Workbench()
        let lane = try await outage(bench)
        try bench.run(
            "update lastcall.delivery_queue set deliver_before = clock_timestamp() + interval '\(deadline)' where sid = 's7'"
        )
        #expect(try await bench.store.closeBreaker(of: lane, trips: 1, replayRate: rate))
        let found = try bench.number(
            "select round(extract(epoch from breaker_recovered_at - breaker_closed_at)) from lastcall.clients"
        )
        #expect((expected - 1...expected).contains(found))
    }

    @Test(
        "it takes the longer, the more of it was there before the breaker opened: the pace is that of what has come since"
    )
    func pace() async throws {
        let bench = try await Workbench()
        let lane = try await outage(bench)
        try bench.run("update lastcall.clients set breaker_opened_at = now() - interval '20 s'")
        // Half of them had come, and failed, before it opened.
        try bench.run(
            """
            update lastcall.delivery_queue set delivery_id = lastcall.delivery_id(
                lastcall.uuid7(now() - interval '1 min'), substr(sid, 2)::int + 1) where substr(sid, 2)::int < 30
            """
        )
        #expect(try await bench.store.closeBreaker(of: lane, trips: 1, replayRate: 1))
        let found = try bench.number(
            "select round(extract(epoch from breaker_recovered_at - breaker_closed_at)) from lastcall.clients"
        )
        #expect((49...55).contains(found))
    }

    @Test("an outage that begins before the last one's rest is sent goes on with it")
    func again() async throws {
        let bench = try await Workbench()
        let lane = try await outage(bench)
        let opened = try bench.texts("select breaker_opened_at from lastcall.clients")
        #expect(try await bench.store.closeBreaker(of: lane, trips: 1, replayRate: 1))
        #expect(try await bench.store.openBreaker(of: lane, trips: 0, for: .seconds(5), failures: 5) == 1)
        #expect(try bench.texts("select breaker_opened_at from lastcall.clients") == opened)
        #expect(try await bench.store.closeBreaker(of: lane, trips: 1, replayRate: 1))
        try bench.run("update lastcall.clients set breaker_recovered_at = now()")
        #expect(try await bench.store.openBreaker(of: lane, trips: 0, for: .seconds(5), failures: 5) == 1)
        #expect(try bench.texts("select breaker_opened_at from lastcall.clients") != opened)
    }

    @Test("retries that would come later are spread over the same time")
    func retries() async throws {
        let bench = try await Workbench()
        let lane = try await outage(bench)
        try bench.run(
            """
            update lastcall.delivery_queue set due_at = now() + interval '5 h', leased_at = now() - interval '1 h'
            where substr(sid, 2)::int < 9
            """
        )
        try await close(lane, over: 60, bench)
        #expect(try await bench.store.rouse() == lane)
        #expect(
            try bench.texts(
                """
                select round(10 * extract(epoch from q.due_at - c.breaker_closed_at)
                    / extract(epoch from c.breaker_recovered_at - c.breaker_closed_at))
                from lastcall.delivery_queue q, lastcall.clients c where substr(q.sid, 2)::int < 9 order by q.due_at
                """
            ) == (1...9).map(String.init)
        )
    }
}
