import LastcallTestKit
import LogoutModel
import Outbox
import Testing

@Suite("Partitions", .lastcallDatabase, .timeLimit(.minutes(30)))
struct PartitionTests {
    static let parents = [
        "logout_events", "deliveries", "attempts", "audit_events", "event_subjects", "idempotency_keys",
    ]

    /// The tables of days, as `parent offset` with today as 0.
    func days(_ bench: Workbench) throws -> [String] {
        try bench.texts(
            """
            select substring(c.relname from '^(.*)_[0-9]{8}$') || ' '
                || to_date(right(c.relname, 8), 'YYYYMMDD') - (now() at time zone 'utc')::date
            from pg_class c join pg_inherits i on i.inhrelid = c.oid
            where c.relkind = 'r' and c.relname ~ '_[0-9]{8}$' order by 1
            """
        )
    }

    static func expected(ahead: Int) -> [String] {
        parents.flatMap { parent in (-1...ahead).map { "\(parent) \($0)" } }.sorted()
    }

    @Test("a new database has yesterday, today and three days ahead")
    func fresh() async throws {
        let bench = try await Workbench()
        #expect(try days(bench).sorted() == Self.expected(ahead: 3))
    }

    @Test("twenty processes at once make each coming day once")
    func concurrent() async throws {
        let bench = try await Workbench(connections: 20)
        let store = bench.store
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 { group.addTask { try await store.keepPartitions(daysAhead: 6) } }
            try await group.waitForAll()
        }
        #expect(try days(bench).sorted() == Self.expected(ahead: 6))
    }

    @Test(
        "on a day whose tables are missing nothing is lost, and the tables are made up for with all its rows"
    )
    func missingDay() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try bench.dropDays()
        #expect(try days(bench).isEmpty)
        let request = bench.request([.sub("rp", "u"), .sub("rp", "v"), .sub("unknown", "u")], key: "key")
        let event = try #require(try await bench.accept(request).accepted).event
        let claimed = try await bench.claim(lane)
        try await bench.settle(claimed[0], .delivered([]), .delivered, status: 200)
        func counts() throws -> [Int] {
            try Self.parents.map { try bench.number("select count(*) from lastcall.\($0)") }
        }
        let before = try counts()
        #expect(before[...3] == [1, 2, 1, 3])
        #expect(try bench.number("select count(*) from lastcall.logout_events_default") == 1)
        try await bench.store.keepPartitions(daysAhead: 2)
        #expect(try days(bench).sorted() == Self.expected(ahead: 2))
        #expect(try counts() == before)
        for parent in Self.parents {
            #expect(try bench.number("select count(*) from lastcall.\(parent)_default") == 0)
        }
        #expect(try await bench.accept(request).replayed == event.id)
        try await bench.settle(claimed[1], .ended(.rejected, []), .rejected, status: 400)
        let found = try #require(try await bench.store.event(event.id, of: bench.issuer))
        #expect(found.event.status == .partial)
        #expect(found.deliveries.count == 3)
    }

    @Test("rows of today lie in today's tables, a day's first and last instants in that day's")
    func routing() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        _ = try await bench.accept([.sub("rp", "u"), .sub("unknown", "u")])
        let claimed = try await bench.claim(lane)
        try await bench.settle(claimed[0], .delivered([]), .delivered, status: 200)
        for parent in Self.parents {
            #expect(try bench.number("select count(*) from lastcall.\(parent)_default") == 0)
        }
        for (instant, day) in [("00:00:00.000", 1), ("23:59:59.999999", 1), ("24:00:00", 2)] {
            try bench.run(
                """
                delete from lastcall.audit_events;
                insert into lastcall.audit_events (audit_id, issuer_key, type, severity, actor)
                values (lastcall.uuid7((((now() at time zone 'utc')::date + 1) + interval '\(instant)') at time zone 'utc'),
                    0, 'issuer.changed', 'info', 'test')
                """
            )
            #expect(
                try bench.texts(
                    """
                    select to_date(right(tableoid::regclass::text, 8), 'YYYYMMDD') - (now() at time zone 'utc')::date
                    from lastcall.audit_events
                    """
                ) == ["\(day)"]
            )
        }
    }

    @Test("days are made while deliveries go on, and neither disturbs the other")
    func underTraffic() async throws {
        let bench = try await Workbench(connections: 8)
        var lanes: [Int32] = []
        for index in 0..<4 { lanes.append(try await bench.putClient("rp\(index)")) }
        // Today's rows go to the default partitions until its tables are made up for.
        try bench.dropDays()
        let (store, issuer, worker) = (bench.store, bench.issuer, bench.worker)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, lane) in lanes.enumerated() {
                group.addTask {
                    for round in 0..<25 {
                        var request = LogoutEventRequest(
                            issuerKey: issuer,
                            scope: .targets([.sid("rp\(index)", "s"), .sid("unknown", "s")]),
                            actor: "test"
                        )
                        request.idempotencyKeyHash = hash("\(index) \(round)")
                        #expect(try await store.acceptAll([request])[0].word == "fresh")
                        let lanes = [LaneClaim(client: lane, lowWater: .beginning, quota: 9)]
                        let batch = try await store.claim(lanes, limit: 9, worker: worker, defaults: .usual)
                        let settled = batch.deliveries.map {
                            $0.settled(.delivered([]), .delivered, status: 200)
                        }
                        #expect(
                            try await store.settle(settled, worker: worker, now: .now).endedEvents.count == 1
                        )
                    }
                }
            }
            group.addTask { try await store.keepPartitions(daysAhead: 3) }
            try await group.waitForAll()
        }
        #expect(try days(bench).sorted() == Self.expected(ahead: 3))
        #expect(
            try bench.texts("select status || ' ' || count(*) from lastcall.logout_events group by status")
                == ["partial 100"]
        )
        #expect(try bench.number("select count(*) from lastcall.deliveries") == 200)
        #expect(try bench.number("select count(*) from lastcall.idempotency_keys") >= 100)
        for parent in Self.parents {
            #expect(try bench.number("select count(*) from lastcall.\(parent)_default") == 0)
        }
    }
}

extension Workbench {
    /// Drops the tables of all days, as if midnight had passed with nobody there.
    fileprivate func dropDays() throws {
        try run(
            """
            do $$ declare t text; begin
                for t in select inhrelid::regclass from pg_inherits join pg_class c on c.oid = inhrelid
                    where c.relkind = 'r' and c.relname !~ '_default$'
                loop execute 'drop table ' || t; end loop;
            end $$
            """
        )
    }
}
