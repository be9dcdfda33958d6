import LastcallTestKit
import LogoutModel
import Outbox
import Testing

@Suite("Expiry of participations", .lastcallDatabase, .timeLimit(.minutes(30)))
struct ExpiryTests {
    static let past = "clock_timestamp() - interval '1 second'"
    static let future = "clock_timestamp() + interval '1 hour'"

    static func bench(_ expiry: String) async throws -> Workbench {
        let bench = try await Workbench()
        try bench.run("update lastcall.issuers set session_expiry = '\(expiry)'")
        for client in ["mail", "shop"] { try await bench.putClient(client) }
        return bench
    }

    @Test("expired participations of a session become one logout where the issuer asks for it")
    func logsOut() async throws {
        let bench = try await Self.bench("logout")
        try bench.record("s1 mail alice m1 - -", expires: Self.past)
        try bench.record("s1 shop alice sh1 - -", expires: Self.past)
        try bench.record("s1 mail alice later - -", expires: Self.future)
        try bench.record("s2 mail bob m2 - -", expires: Self.past)
        let batch = try await bench.store.expireStep(usualDeliverWithin: 60)
        #expect(batch.lookedAt == 3)
        #expect(batch.removed == 0)
        #expect(batch.lanes.count == 2)
        #expect(try bench.participations() == ["s1 mail later"])
        #expect(
            try bench.texts(
                "select scope::text || ' ' || initiator || ' ' || matched from lastcall.logout_events order by 1"
            ) == [#"{"session_id": "s1"} session-expired 2"#, #"{"session_id": "s2"} session-expired 1"#]
        )
        #expect(try bench.texts("select sid from lastcall.delivery_view order by 1") == ["m1", "m2", "sh1"])
        #expect(try bench.audit().count { $0 == "session.expired info" } == 2)
        #expect(try await bench.store.expireStep(usualDeliverWithin: 60).lookedAt == 0)
    }

    @Test("they are removed quietly otherwise")
    func quiet() async throws {
        let bench = try await Self.bench("ignore")
        for number in 1...3 { try bench.record("s\(number) mail alice m\(number) - -", expires: Self.past) }
        try bench.record("s4 mail alice m4 - -", expires: Self.future)
        let first = try await bench.store.expireStep(limit: 2, usualDeliverWithin: 60)
        #expect((first.lookedAt, first.removed) == (2, 2))
        #expect(try await bench.store.expireStep(limit: 2, usualDeliverWithin: 60).removed == 1)
        #expect(try bench.participations() == ["s4 mail m4"])
        #expect(try bench.number("select count(*) from lastcall.logout_events") == 0)
        #expect(try bench.audit().isEmpty)
    }

    @Test(
        "a participation that was renewed is looked at again when it is over",
        arguments: ["logout", "ignore"]
    )
    func renewed(expiry: String) async throws {
        let bench = try await Self.bench(expiry)
        try bench.record("s1 mail alice m1 - -", expires: Self.past)
        try bench.run("update lastcall.participations set expires_at = \(Self.future)")
        #expect(try await bench.store.expireStep(usualDeliverWithin: 60).lookedAt == 1)
        #expect(try await bench.store.expireStep(usualDeliverWithin: 60).lookedAt == 0)
        #expect(
            try bench.number("select count(*) from lastcall.participations where check_at = expires_at") == 1
        )
        try bench.run("update lastcall.participations set expires_at = null, check_at = now()")
        #expect(try await bench.store.expireStep(usualDeliverWithin: 60).lookedAt == 1)
        #expect(try await bench.store.expireStep(usualDeliverWithin: 60).lookedAt == 0)
        #expect(try bench.participations() == ["s1 mail m1"])
    }

    @Test("each is told once, whatever crashes and however many look")
    func once() async throws {
        let bench = try await Self.bench("logout")
        try bench.run(
            """
            insert into lastcall.participations (issuer_key, client_key, session_id, sub, sid, expires_at, check_at)
            select \(bench.issuer), client_key, 'session ' || n / 3, 'user', client_id || n, \(Self.past), \(Self.past)
            from lastcall.clients, generate_series(1, 500) n
            """
        )
        try bench.run("begin; select lastcall.expire_step(100, 60); rollback")
        let stores = [bench.store, Workbench.store(try Workbench.pool(4))]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<6 {
                group.addTask {
                    for _ in 0..<20 {
                        _ = try await stores[index % 2].expireStep(limit: 90, usualDeliverWithin: 60)
                    }
                }
            }
            try await group.waitForAll()
        }
        while try await bench.store.expireStep(limit: 90, usualDeliverWithin: 60).lookedAt > 0 {}
        #expect(try bench.number("select count(*) from lastcall.participations") == 0)
        #expect(try bench.number("select count(*) from lastcall.delivery_queue") == 1_000)
        #expect(try bench.number("select count(distinct sid) from lastcall.delivery_queue") == 1_000)
        #expect(try bench.audit().contains { $0.hasPrefix("bcl.no_sessions") } == false)
    }

    @Test(
        "participations of a deleted client are removed quietly, expired or not",
        arguments: ["logout", "ignore"]
    )
    func deletedClient(expiry: String) async throws {
        let bench = try await Self.bench(expiry)
        try bench.record("s1 mail alice m1 - -", expires: Self.past)
        try bench.record("s2 mail alice m2 - -")
        try await bench.deleteClient("mail")
        _ = try await bench.store.expireStep(usualDeliverWithin: 60)
        #expect(try bench.participations().isEmpty)
        #expect(try bench.number("select count(*) from lastcall.delivery_view") == 0)
    }
}
