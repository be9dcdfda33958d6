import AuditTrail
import FoundationEssentials
import LastcallTestKit
import LogoutModel
import Outbox
import PostgresClient
import Testing

@Suite("Retention", .lastcallDatabase, .serialized, .timeLimit(.minutes(30)))
struct RetentionTests {
    static let history = ["attempts", "audit_events", "deliveries", "event_subjects", "logout_events"]

    @Test(
        "a day goes as a whole once it is past for every issuer, and not a day sooner",
        arguments: [(30, 31, true), (30, 30, false), (1, 2, true), (1, 1, false)]
    )
    func wholeDays(days: Int, age: Int, goes: Bool) async throws {
        let bench = try await Workbench()
        try bench.keep(days: days)
        try bench.addHistory(age: age)
        try await bench.sealAll()
        let report = try await bench.retain(days)
        #expect(report.tablesDropped == (goes ? 5 : 0) && report.rowsDeleted == 0 && !report.wasBusy)
        for table in Self.history {
            #expect(try bench.hasTable(table, age: age) == !goes)
            #expect(try bench.count(table, age: age) == (goes ? 0 : 1))
        }
        try await bench.store.keepPartitions(daysAhead: 3)
        #expect(try await bench.retain(days).tablesDropped == 0)
    }

    @Test("of a day that is past for one issuer only, that issuer's rows go")
    func twoIssuers() async throws {
        let bench = try await Workbench()
        let other = try await Workbench.putIssuer("other", in: bench.store)
        try bench.keep(days: 2)
        try bench.keep(days: 9, of: other)
        for age in [5, 10] {
            for issuer in [bench.issuer, other] { try bench.addHistory(3, age: age, issuer: issuer) }
        }
        try await bench.sealAll()
        try await bench.sealAll(other)
        let report = try await bench.retain(2)
        #expect(report.tablesDropped == 5 && report.rowsDeleted == 15)
        for table in Self.history {
            #expect(try !bench.hasTable(table, age: 10))
            #expect(try bench.count(table, age: 5, issuer: bench.issuer) == 0)
            #expect(try bench.count(table, age: 5, issuer: other) == 3)
        }
        for issuer in [bench.issuer, other] {
            let verdict = try await bench.store.verifyAudit(of: issuer)
            #expect(verdict.broken == nil && verdict.notKept == (issuer == other ? 3 : 6))
        }
        try bench.keep(days: 2, of: other)
        #expect(try await bench.retain(2).tablesDropped == 5)
    }

    @Test("a table larger than a step is gone through to its end")
    func manySteps() async throws {
        let bench = try await Workbench()
        let other = try await Workbench.putIssuer("other", in: bench.store)
        try bench.keep(days: 1)
        try bench.addHistory(20_000, age: 5)
        try bench.addHistory(1, age: 5, issuer: other)
        try await bench.sealAll()
        try await bench.sealAll(other)
        #expect(try await bench.retain(30).rowsDeleted == 100_000)
        for table in Self.history { #expect(try bench.count(table, age: 5) == 1) }
        let verdict = try await bench.store.verifyAudit(of: bench.issuer)
        #expect(verdict.broken == nil)
        #expect(try await bench.retain(30).rowsDeleted == 0)
    }

    @Test("nothing goes of an event that still has a delivery in the queue; the rest of its day does")
    func openDelivery() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try bench.keep(days: 1)
        try bench.addHistory(4, age: 5)
        try await bench.sealAll()
        let events = try bench.events(age: 5)
        try bench.enqueue(events[1], ordinal: 2, lane: lane)
        let report = try await bench.retain(1)
        #expect(report.tablesDropped == 0 && report.rowsDeleted == 15)
        for table in Self.history { #expect(try bench.count(table, age: 5) == 1) }
        #expect(try bench.events(age: 5) == [events[1]])
        #expect(try await bench.store.verifyAudit(of: bench.issuer).broken == nil)

        try bench.run("delete from lastcall.delivery_queue")
        #expect(try await bench.retain(1).tablesDropped == 5)
        let verdict = try await bench.store.verifyAudit(of: bench.issuer)
        #expect(verdict.broken == nil && verdict.notKept == 4)
    }

    @Test(
        "nothing goes of what an operation that runs is about",
        arguments: [
            ("'cancel'", "event", "{}", true), ("'expand'", "event", "{}", true),
            ("'redeliver'", "null", "{}", true),
            ("'redeliver'", "null", #"{"created_before": "AGO4"}"#, true),
            ("'redeliver'", "null", #"{"created_before": "AGO9"}"#, false),
            ("'redeliver'", "null", #"{"created_after": "AGO4"}"#, false),
        ]
    )
    func operation(kind: String, event: String, filter: String, holds: Bool) async throws {
        let bench = try await Workbench()
        try bench.keep(days: 1)
        try bench.addHistory(age: 5)
        try await bench.sealAll()
        let id = try bench.events(age: 5)[0]
        let day = { (age: Int) in
            try bench.texts("select to_json(now() - interval '\(age) days') #>> '{}'")[0]
        }
        let filter = filter.replacing("AGO4", with: try day(4)).replacing("AGO9", with: try day(9))
        try bench.run(
            """
            insert into lastcall.operations (issuer_key, kind, event_id, filter, actor)
            values (\(bench.issuer), \(kind), \(event == "event" ? "'\(id)'" : "null"), '\(filter)', 'test')
            """
        )
        _ = try await bench.retain(1)
        for table in Self.history { #expect(try bench.count(table, age: 5) == (holds ? 1 : 0), "\(table)") }
        try bench.run("update lastcall.operations set status = 'done', ended_at = now() - interval '3 days'")
        #expect(try await bench.retain(1).operationsDeleted == 1)
        for table in Self.history { #expect(try !bench.hasTable(table, age: 5)) }
    }

    @Test("what of the trail is not sealed yet is not dropped, and what is sealed meanwhile is")
    func unsealed() async throws {
        let bench = try await Workbench()
        let other = try await Workbench.putIssuer("other", in: bench.store)
        try bench.keep(days: 1)
        try bench.addHistory(2, age: 5)
        #expect(try await bench.retain(1).tablesDropped == 4)
        #expect(try bench.count("audit_events", age: 5) == 2)
        try await bench.sealAll()
        // Of another issuer, so that the table stays for its sake.
        try bench.addHistory(1, age: 5, issuer: other, tables: ["audit_events"])
        try bench.keep(days: 1, of: other)
        // The other tables of the day were made anew, and are empty.
        let report = try await bench.retain(1)
        #expect(report.tablesDropped == 4 && report.rowsDeleted == 2)
        try await bench.sealAll(other)
        #expect(try await bench.retain(1).tablesDropped == 1)
        for issuer in [bench.issuer, other] {
            #expect(try await bench.store.verifyAudit(of: issuer).broken == nil)
        }
    }

    @Test("rows that a default partition has gathered go too, when they are past")
    func defaults() async throws {
        let bench = try await Workbench()
        try bench.keep(days: 5)
        for age in [6, 5] { try bench.addHistory(2, age: age, isDefault: true) }
        try await bench.sealAll()
        let state = try await bench.store.partitions()
        #expect(state.map(\.defaultRows).reduce(0, +) == 20)
        #expect(try await bench.retain(5).rowsDeleted == 10)
        #expect(try await bench.store.partitions().map(\.defaultRows).reduce(0, +) == 10)
    }

    @Test("the history of a deleted issuer stays as long as it said, and then nothing of it is left")
    func deletedIssuer() async throws {
        let bench = try await Workbench()
        try bench.keep(days: 4)
        for age in [3, 5] { try bench.addHistory(age: age) }
        try await bench.store.deleteIssuer(
            named: "acme",
            force: false,
            note: AuditNote(.issuerChanged, actor: "test")
        )
        try await bench.sealAll()
        #expect(try await bench.retain(1).tablesDropped == 5)
        for table in Self.history { #expect(try bench.count(table, age: 3) == 1) }
        try bench.run(
            """
            update lastcall.past_issuers set retention_days = 1, deleted_at = now() - interval '3 days';
            delete from lastcall.audit_events where issuer_key = \(bench.issuer) and audit_id > lastcall.uuid7_floor(now() - interval '1 day')
            """
        )
        #expect(try await bench.retain(1).tablesDropped == 5)
        for table in ["past_issuers", "audit_marks", "audit_seals"] {
            #expect(
                try bench.number("select count(*) from lastcall.\(table) where issuer_key = \(bench.issuer)")
                    == 0
            )
        }
    }

    @Test("many processes at once drop every day once, and rows once")
    func concurrent() async throws {
        let bench = try await Workbench(connections: 8)
        let other = try await Workbench.putIssuer("other", in: bench.store)
        try bench.keep(days: 1)
        for age in 5...8 {
            try bench.addHistory(500, age: age)
            if age < 7 { try bench.addHistory(1, age: age, issuer: other) }
        }
        try await bench.sealAll()
        try await bench.sealAll(other)
        let store = bench.store
        let reports = try await withThrowingTaskGroup(of: Retention.Report.self) { group in
            for _ in 0..<8 {
                group.addTask { try await Retention(store: store, installationDays: 30).run() }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        // Who finds the turn taken stops; one at least went on to the end, or the next run does.
        let last = try await bench.retain(30)
        let all = reports + [last]
        #expect(all.map(\.tablesDropped).reduce(0, +) == 10)
        #expect(all.map(\.rowsDeleted).reduce(0, +) == 5_000)
        #expect(try await bench.store.verifyAudit(of: bench.issuer).broken == nil)
        #expect(try await bench.store.verifyAudit(of: other).broken == nil)
    }

    @Test("what somebody else has locked is passed over, nobody waits long, and it goes the next time")
    func locked() async throws {
        let bench = try await Workbench()
        let other = try await Workbench.putIssuer("other", in: bench.store)
        try bench.keep(days: 1)
        try bench.addHistory(2, age: 5)
        try bench.addHistory(2, age: 6)
        try bench.addHistory(1, age: 6, issuer: other)
        try await bench.sealAll()
        try await bench.sealAll(other)
        let reader = try Workbench.connect()
        try reader.execute(
            script: """
                begin;
                select count(*) from lastcall.deliveries;
                select * from lastcall.attempts where issuer_key = \(bench.issuer) limit 1 for update
                """
        )
        let report = try await bench.retain(30)
        #expect(report.wasBusy && report.tablesDropped == 0)
        #expect(try bench.hasTable("deliveries", age: 5))
        try reader.execute(script: "rollback")
        #expect(try await bench.retain(30).wasBusy == false)
        for table in Self.history {
            #expect(try !bench.hasTable(table, age: 5))
            #expect(try bench.count(table, age: 6) == 1)
        }
    }

    @Test("a redelivery that began before its day is dropped wins: nothing of its event goes")
    func redelivery() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try bench.keep(days: 1)
        try bench.addHistory(age: 5)
        try await bench.sealAll()
        let event = try bench.events(age: 5)[0]
        let other = try Workbench.connect()
        try other.execute(
            script: """
                begin;
                delete from lastcall.deliveries where delivery_id = lastcall.delivery_id('\(event)', 1);
                insert into lastcall.delivery_queue (delivery_id, issuer_key, client_key, due_at, deliver_before)
                values (lastcall.delivery_id('\(event)', 1), \(bench.issuer), \(lane), now(), now() + interval '1 hour')
                """
        )
        #expect(try await bench.retain(1).tablesDropped == 0)
        try other.execute(script: "commit")
        let report = try await bench.retain(1)
        // The table of ended deliveries is empty now, but the day is held all the same.
        #expect(report.tablesDropped == 0 && report.rowsDeleted == 0)
        #expect(try bench.events(age: 5) == [event])
    }

    @Test("the seals of what is gone go, all but the newest; the chain begins behind them and goes on")
    func seals() async throws {
        let bench = try await Workbench()
        try bench.keep(days: 1)
        try bench.run("delete from lastcall.audit_events")
        for age in [7, 6, 5] {
            try bench.addHistory(3, age: age, tables: ["audit_events"])
            try await bench.sealAll(limit: 2)
            try bench.run(
                "update lastcall.audit_seals set sealed_at = now() - interval '\(age) days' where sealed_at > now() - interval '1 hour'"
            )
        }
        let kept = try await bench.store.verifyAudit(of: bench.issuer).head
        let first = try #require(try await bench.store.auditSeals(of: bench.issuer, below: 2, limit: 1).first)
        let report = try await bench.retain(1)
        #expect(report.tablesDropped == 15 && report.sealsDropped == Int(kept.number) - 1)
        let verdict = try await bench.store.verifyAudit(of: bench.issuer, expecting: kept)
        #expect(verdict.broken == nil && verdict.head == kept && verdict.droppedSeals == kept.number - 1)
        let old = AuditHead(number: 1, hash: first.hash)
        #expect(try await bench.store.verifyAudit(of: bench.issuer, expecting: old).broken == .headNotKept(1))

        try bench.addAudit(2)
        try await bench.sealAll()
        let after = try await bench.store.verifyAudit(of: bench.issuer, expecting: kept)
        #expect(after.broken == nil && after.head.number == kept.number + 1 && after.intact >= 2)
        try bench.run("delete from lastcall.audit_seals where number = \(kept.number)")
        let broken = try await bench.store.verifyAudit(of: bench.issuer).broken
        #expect(broken == .missingSeal(kept.number))
    }

    @Test("a seal stays while one of its entries does, and while retention has not come to it")
    func keptSeals() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try bench.keep(days: 1)
        try bench.run("delete from lastcall.audit_events")
        try bench.addHistory(2, age: 6)
        try await bench.sealAll(limit: 1)
        try bench.run("update lastcall.audit_seals set sealed_at = now() - interval '5 days'")
        try bench.addHistory(1, age: 5)
        try await bench.sealAll()
        try bench.enqueue(try bench.events(age: 6)[0], ordinal: 1, lane: lane)
        _ = try await bench.retain(1)
        var verdict = try await bench.store.verifyAudit(of: bench.issuer)
        #expect(
            verdict.broken == nil && verdict.intact == 1 && verdict.notKept == 2 && verdict.droppedSeals == 0
        )
        try bench.run("delete from lastcall.delivery_queue")
        #expect(try await bench.retain(1).sealsDropped == 2)

        // Entries that somebody else deletes are missing, and their seals stay to say so.
        for _ in 0..<2 {
            try bench.addAudit(1)
            try await bench.sealAll()
        }
        try bench.run(
            "delete from lastcall.audit_events where (issuer_key, xact) in (select issuer_key, first_xact from lastcall.audit_seals where number = 4)"
        )
        #expect(try await bench.retain(1).sealsDropped == 0)
        verdict = try await bench.store.verifyAudit(of: bench.issuer)
        #expect(verdict.broken?.code == "missing" && verdict.broken?.seal == 4)
    }

    @Test("a chore is taken by one process until it is due again")
    func chores() async throws {
        let bench = try await Workbench(connections: 8)
        let store = bench.store
        for chore in Chore.allCases {
            let takers = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<8 { group.addTask { try await store.take(chore, every: .seconds(3_600)) } }
                return try await group.reduce(into: []) { $0.append($1) }.filter { $0 }.count
            }
            #expect(takers == 1)
            try await store.finish(chore)
            #expect(try await store.take(chore, every: .seconds(3_600)) == false)
            try await store.finish(chore, again: .zero)
            #expect(try await store.take(chore, every: .seconds(3_600)))
        }
        #expect(
            try bench.texts("select name from lastcall.chores order by 1")
                == Chore.allCases.map(\.rawValue).sorted()
        )
    }

    @Test("parents get statistics of all their partitions, which autovacuum gives them never")
    func analyze() async throws {
        let bench = try await Workbench()
        try bench.addHistory(300, age: 3)
        try bench.addHistory(200, age: 4)
        let known =
            "select count(*) from pg_stats where schemaname = 'lastcall' and tablename = 'deliveries' and inherited"
        #expect(try bench.number(known) == 0)
        try await bench.store.analyze()
        #expect(try bench.number(known) > 5)
        #expect(
            try bench.number(
                "select reltuples::int from pg_class where oid = 'lastcall.deliveries'::regclass"
            ) == 500
        )
    }

    @Test("days ahead are counted up to the first gap of any table")
    func horizon() async throws {
        let bench = try await Workbench()
        #expect(try await bench.store.partitions().map(\.daysAhead) == [3, 3, 3, 3, 3, 3])
        for (age, left) in [(-2, 1), (-1, 0), (0, -1)] {
            try bench.run("drop table lastcall.attempts_\(try bench.suffix(age: age))")
            let states = try await bench.store.partitions()
            #expect(states.first { $0.table == "attempts" }?.daysAhead == left)
            #expect(states.map(\.daysAhead).min() == left)
        }
        try await bench.store.keepPartitions(daysAhead: 5)
        #expect(try await bench.store.partitions().map(\.daysAhead).min() == 5)
    }
}
