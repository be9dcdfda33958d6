import LastcallTestKit
import LogoutModel
import Outbox
import Testing

@Suite("Expansion in steps", .lastcallDatabase, .timeLimit(.minutes(30)))
struct ExpansionTests {
    /// So many participations at one client, sids `1` to `count`.
    static func bench(_ count: Int) async throws -> Workbench {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try await bench.putClient("other")
        try bench.run(
            """
            insert into lastcall.participations (issuer_key, client_key, session_id, sub, sid, user_id)
            select \(bench.issuer), \(lane), 'session ' || n, 'user ' || n % 7, n::text, 'everybody' from generate_series(1, \(count)) n
            """
        )
        return bench
    }

    static func told(_ bench: Workbench) throws -> [Int] {
        try bench.texts("select sid from lastcall.delivery_view").compactMap { Int($0) }.sorted()
    }

    @Test(
        "more than a thousand matches are a bulk event that is expanded later",
        arguments: [(1_000, false), (1_001, true)],
        [["client_id": "rp"], ["user_id": "everybody"]]
    )
    func threshold(edge: (count: Int, isBulk: Bool), filter: [String: String]) async throws {
        let bench = try await Self.bench(edge.count)
        let accepted = try #require(try await bench.accept(bench.request(where: filter)).accepted)
        #expect(accepted.isExpanding == edge.isBulk)
        #expect(accepted.event.priority == (edge.isBulk ? .bulk : .interactive))
        #expect(accepted.event.status == .inProgress)
        #expect(accepted.event.matched == (edge.isBulk ? 0 : 1_000))
        #expect(try Self.told(bench).count == (edge.isBulk ? 0 : 1_000))
        var steps = 0
        while try await bench.store.expandStep(limit: 400, usualDeliverWithin: 60) != nil { steps += 1 }
        #expect(steps == (edge.isBulk ? 3 : 0))
        #expect(try Self.told(bench) == Array(1...edge.count))
        #expect(try bench.number("select count(*) from lastcall.participations") == 0)
        let event = try #require(try await bench.store.event(accepted.event.id, of: bench.issuer)?.event)
        #expect(event.matched == edge.count)
        #expect(event.status == .inProgress)
    }

    @Test(
        "progress is seen in the event, and it ends when the last delivery has ended and nothing is left to expand"
    )
    func progress() async throws {
        let bench = try await Self.bench(1_500)
        let id = try #require(try await bench.accept(bench.request(where: ["client_id": "rp"])).accepted)
            .event.id
        #expect(try await bench.store.expandStep(limit: 1_000, usualDeliverWithin: 60)?.count == 1)
        let half = try #require(try await bench.store.event(id, of: bench.issuer)?.event)
        #expect(half.matched == 1_000)
        #expect(half.deliveryCounts.first?.count == 1_000)
        try await bench.deleteClient("rp")
        while try await bench.store.endOverdue(worker: bench.worker) > 0 {}
        #expect(try await bench.store.event(id, of: bench.issuer)?.event.status == .inProgress)
        while try await bench.store.expandStep(limit: 1_000, usualDeliverWithin: 60) != nil {}
        let end = try #require(try await bench.store.event(id, of: bench.issuer)?.event)
        #expect(end.status == .failed)
        // Of a client that is deleted, nobody more is there to be told.
        #expect(end.matched == 1_000)
        #expect(try bench.audit().count { $0.hasPrefix("logout.ended") } == 1)
    }

    @Test("a step that is lost half-way is done again, and nobody is told twice or missed")
    func crash() async throws {
        let bench = try await Self.bench(2_500)
        try await bench.accept(bench.request(where: ["user_id": "everybody"]))
        for _ in 0..<2 {
            try bench.run("begin; select lastcall.expand_step(400, 60); rollback")
            #expect(try await bench.store.expandStep(limit: 400, usualDeliverWithin: 60) != nil)
        }
        #expect(try Self.told(bench).count == 800)
        let stores = [bench.store, Workbench.store(try Workbench.pool(4))]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<8 {
                group.addTask {
                    while try await stores[index % 2].expandStep(limit: 300, usualDeliverWithin: 60) != nil {}
                }
            }
            try await group.waitForAll()
        }
        while try await bench.store.expandStep(limit: 300, usualDeliverWithin: 60) != nil {}
        #expect(try Self.told(bench) == Array(1...2_500))
        #expect(try bench.number("select count(distinct delivery_id) from lastcall.delivery_queue") == 2_500)
    }

    @Test("who logs in after the event was accepted is not meant by it")
    func laterLogins() async throws {
        let bench = try await Self.bench(1_200)
        try await bench.accept(bench.request(where: ["client_id": "rp"]))
        try bench.record("late rp late late - -", created: "clock_timestamp()")
        while try await bench.store.expandStep(limit: 500, usualDeliverWithin: 60) != nil {}
        #expect(try bench.participations() == ["late rp late"])
        #expect(try Self.told(bench).count == 1_200)
    }

    @Test("one sub at several clients is told once at each session, client by client, whatever the steps")
    func oneSub() async throws {
        let bench = try await Workbench()
        for client in 1...3 {
            let lane = try await bench.putClient("rp-\(client)")
            try bench.run(
                """
                insert into lastcall.participations (issuer_key, client_key, session_id, sub, sid)
                select \(bench.issuer), \(lane), 'session ' || n, 'everyone', n::text
                from generate_series(1, 1200) n where n % 3 = \(client) - 1
                """
            )
        }
        let event = try #require(
            try await bench.accept(bench.request(where: ["sub": "everyone"])).accepted
        )
        try bench.record("late rp-1 everyone late - -", created: "clock_timestamp()")
        var steps = 0
        while try await bench.store.expandStep(limit: 170, usualDeliverWithin: 60) != nil { steps += 1 }
        #expect(event.isExpanding)
        #expect(steps == 8)
        #expect(try Self.told(bench) == Array(1...1_200))
        #expect(try bench.participations() == ["late rp-1 late"])
    }

    @Test("an expansion whose issuer is gone ends")
    func orphan() async throws {
        let bench = try await Self.bench(1_200)
        try await bench.accept(bench.request(where: ["client_id": "rp"]))
        try bench.run("delete from lastcall.logout_events")
        #expect(try await bench.store.expandStep(usualDeliverWithin: 60) == [])
        #expect(try await bench.store.expandStep(usualDeliverWithin: 60) == nil)
    }
}
