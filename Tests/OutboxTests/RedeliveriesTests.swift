import FoundationEssentials
import LastcallTestKit
import LogoutModel
import Outbox
import PostgresClient
import Testing

@Suite("Redelivering many", .lastcallDatabase, .timeLimit(.minutes(30)))
struct RedeliveriesTests {
    static let done =
        "select concat_ws(' ', status, matched, done, ended_at is not null) from lastcall.operations"
    static let again =
        "select count(*) from lastcall.audit_events where type = 'logout.back_channel.redelivered'"

    /// One delivery for each way to end, by clients `rp1` to `rp6`.
    static let ends: [Settlement] = [
        .delivered([]), .ended(.rejected, []), .ended(.attemptsExhausted, []), .ended(.deadlinePassed, []),
        .ended(.cancelledByOperator, []), .ended(.noBackchannelLogoutURI, []),
    ]

    @Test(
        "a filter's members must all hold; failed and expired are meant unless a status or reason is named",
        arguments: [
            (RedeliveryFilter(createdAfter: Timestamp(microseconds: 0)), [2, 3, 4]),
            (RedeliveryFilter(statuses: [.failed]), [2, 3]), (RedeliveryFilter(statuses: [.expired]), [4]),
            (RedeliveryFilter(statuses: [.cancelled, .notCovered]), [5, 6]),
            (RedeliveryFilter(reasons: [.rejected]), [2]),
            (RedeliveryFilter(reasons: [.cancelledByOperator, .deadlinePassed]), [4, 5]),
            (RedeliveryFilter(statuses: [.failed], reasons: [.deadlinePassed]), []),
            (RedeliveryFilter(clientID: "rp3"), [3]), (RedeliveryFilter(clientID: "rp1"), []),
            (RedeliveryFilter(clientID: "rp6", statuses: [.notCovered]), [6]),
            (RedeliveryFilter(clientID: "rp3", reasons: [.rejected]), []),
            (RedeliveryFilter(createdBefore: Timestamp(microseconds: 0)), []),
        ]
    )
    func filters(filter: RedeliveryFilter?, ordinals: [Int]) async throws {
        let bench = try await Workbench()
        let event = try await bench.ended(Self.ends).event.id
        let dry = try await bench.start(filter, isDryRun: true)
        #expect(dry.status == .done)
        #expect(dry.isDryRun)
        #expect(dry.matched == ordinals.count)
        #expect(dry.done == 0)
        #expect(dry.endedAt != nil)
        try await bench.runOperations()
        #expect(try bench.number("select count(*) from lastcall.delivery_queue") == 0)
        let started = try await bench.start(filter)
        #expect(started.status == .running)
        #expect(started.matched == ordinals.count)
        try await bench.runOperations()
        let found = try #require(try await bench.store.redelivery(started.id, of: bench.issuer))
        #expect(found.status == .done)
        #expect(found.done == ordinals.count)
        #expect(
            try bench.rows("select delivery_id from lastcall.delivery_queue order by delivery_id").map {
                try $0.uuid(0)
            }
                == ordinals.map { event.delivery($0).uuid }
        )
        #expect(
            try bench.texts("select distinct priority from lastcall.delivery_queue")
                == (ordinals.isEmpty ? [] : ["bulk"])
        )
        let notes = """
            select concat_ws(' ', actor, data ->> 'redelivery') from lastcall.audit_events
            where type = 'logout.back_channel.redelivered'
            """
        #expect(
            try bench.texts(notes)
                == [String](repeating: "operator \(started.id.lowercased)", count: ordinals.count)
        )
    }

    @Test("the time of the event bounds what is meant: from the first instant on, before the last")
    func window() async throws {
        let bench = try await Workbench()
        let events = [try await bench.failed(1), try await bench.failed(1), try await bench.failed(1)]
        try bench.run(
            """
            create function moved(id uuid, n int) returns uuid language sql as $$
                select (substring(lastcall.uuid7_floor(('2026-01-0' || n || 'T00:00:00Z')::timestamptz)::text, 1, 13) || substring(id::text, 14))::uuid $$;
            with o as (select event_id, row_number() over (order by event_id)::int n from lastcall.logout_events)
            update lastcall.deliveries d set delivery_id = moved(d.delivery_id, o.n) from o where lastcall.event_of(d.delivery_id) = o.event_id;
            with o as (select event_id, row_number() over (order by event_id)::int n from lastcall.logout_events)
            update lastcall.logout_events e set event_id = moved(e.event_id, o.n) from o where e.event_id = o.event_id;
            """
        )
        #expect(events.count == 3)
        let second = Timestamp(text: "2026-01-02T00:00:00Z")
        let third = Timestamp(text: "2026-01-03T00:00:00Z")
        let middle = RedeliveryFilter(createdAfter: second, createdBefore: third)
        #expect(try await bench.start(middle).matched == 1)
        #expect(try await bench.start(RedeliveryFilter(createdAfter: second), isDryRun: true).matched == 2)
        #expect(try await bench.start(RedeliveryFilter(createdBefore: second), isDryRun: true).matched == 1)
        try await bench.runOperations()
        #expect(
            try bench.texts(
                "select left(delivery_id::text, 13) = left(lastcall.uuid7_floor('2026-01-02T00:00:00Z')::text, 13) from lastcall.delivery_queue"
            )
                == ["true"]
        )
    }

    @Test("another issuer's deliveries are left alone")
    func issuers() async throws {
        let bench = try await Workbench()
        _ = try await bench.failed(3)
        let stranger = try await Workbench.putIssuer("other", in: bench.store)
        let request = RedeliveryRequest(
            try #require(RedeliveryFilter(statuses: [.failed])),
            actor: "operator"
        )
        let started = try await bench.store.startRedelivery(request, of: stranger)
        #expect(started.matched == 0)
        try await bench.runOperations()
        #expect(try bench.number("select count(*) from lastcall.delivery_queue") == 0)
        #expect(try await bench.store.redelivery(started.id, of: bench.issuer) == nil)
        await #expect(throws: OutboxError.notFound) {
            try await bench.store.cancelRedelivery(started.id, of: bench.issuer)
        }
    }

    @Test("steps take at most 500, and move on where nothing fits for a while")
    func steps() async throws {
        let bench = try await Workbench()
        _ = try await bench.failed(1_001)
        let started = try await bench.start(RedeliveryFilter(clientID: "rp"))
        #expect(started.matched == 1_001)
        for expected in [500, 1_000, 1_001] {
            try bench.run("update lastcall.operations set due_at = now()")
            #expect(try await bench.step()?.lanes.count == 1)
            #expect(try bench.number("select done from lastcall.operations") == expected)
        }
        #expect(try await bench.step() == nil)
        #expect(try bench.texts(Self.done) == ["done 1001 1001 t"])
        #expect(try bench.tally() == ["in_progress 1001 0 0 0 0 0 1 f"])
    }

    @Test("a step looks at no more than a few thousand deliveries, and the next goes on behind them")
    func candidates() async throws {
        let bench = try await Workbench()
        _ = try await bench.failed(1)
        let last = try await bench.failed(1)
        // 6,000 of another reason between the two.
        try bench.run(
            """
            update lastcall.deliveries set reason = 'redirect_refused' where delivery_id <= '\(last.event.id.text)';
            insert into lastcall.deliveries (delivery_id, issuer_key, client_key, status, reason, ended_at, deliver_before, client_id)
            select lastcall.delivery_id(lastcall.event_of(d.delivery_id), n), issuer_key, client_key, status, reason, ended_at, deliver_before, client_id
            from lastcall.deliveries d, generate_series(2, 6000) n where reason = 'redirect_refused'
            """
        )
        let started = try await bench.start(RedeliveryFilter(clientID: "rp", reasons: [.rejected]))
        #expect(started.matched == 1)
        #expect(try await bench.step() == OperationStep())
        #expect(try bench.texts(Self.done) == ["running 1 0 f"])
        #expect(try await bench.step()?.lanes.count == 1)
        #expect(try bench.texts(Self.done) == ["done 1 1 t"])
    }

    @Test(
        "the rate is kept through when deliveries are due, a second's worth at most in a step",
        arguments: [
            (1, 1, 1_000_000), (10, 10, 100_000), (100, 100, 10_000), (1_000, 500, 1_000), (10_000, 500, 100),
        ]
    )
    func rate(rate: Int, inStep: Int, gap: Int) async throws {
        let bench = try await Workbench()
        _ = try await bench.failed(501)
        _ = try await bench.start(RedeliveryFilter(clientID: "rp"), rate: rate)
        #expect(try await bench.step() != nil)
        #expect(try bench.number("select done from lastcall.operations") == inStep)
        let gaps = """
            select distinct (extract(epoch from due_at - lag) * 1000000)::int from (
                select due_at, lag(due_at) over (order by delivery_id) from lastcall.delivery_queue) t where lag is not null
            """
        #expect(try bench.texts(gaps) == (inStep > 1 ? ["\(gap)"] : []))
        // The next step begins where this one ends.
        let next = """
            select (extract(epoch from o.due_at - (select max(due_at) from lastcall.delivery_queue)) * 1000000)::int
            from lastcall.operations o
            """
        #expect(try bench.number(next) == gap)
        // What was missed is not made up for: the rate is never exceeded.
        try bench.run("update lastcall.operations set due_at = due_at - interval '1 hour'")
        #expect(try await bench.step() != nil)
        let early =
            "select count(*) from lastcall.delivery_queue where due_at < now() - interval '30 minutes'"
        #expect(try bench.number(early) == 0)
    }

    @Test("a redelivery whose next step is not due waits, unless it is due within half a second")
    func due() async throws {
        let bench = try await Workbench()
        _ = try await bench.failed(1_100)
        _ = try await bench.start(RedeliveryFilter(clientID: "rp"), rate: 500)
        #expect(try await bench.step() != nil)
        try bench.run("update lastcall.operations set due_at = now() + interval '1 hour'")
        #expect(try await bench.step() == nil)
        try bench.run("update lastcall.operations set due_at = now() + interval '400 ms'")
        let next = try #require(try bench.texts("select due_at from lastcall.operations").first)
        #expect(try await bench.step() != nil)
        #expect(try bench.number("select done from lastcall.operations") == 1_000)
        // Where its schedule has got to, not at once.
        let later = """
            select count(*) from lastcall.delivery_queue
            where due_at >= '\(next)' and delivery_id > (select percentile_disc(0.5) within group (order by delivery_id) from lastcall.delivery_queue)
            """
        #expect(try bench.number(later) == 500)
    }

    @Test("a crash between any two steps, or within one, repeats nothing and skips nothing")
    func crash() async throws {
        let bench = try await Workbench()
        let event = try await bench.failed(1_200)
        let started = try await bench.start(RedeliveryFilter(statuses: [.failed]))
        for round in 0..<3 {
            // The last thing that a step writes is its cursor: all that it did goes with it.
            try bench.run(
                """
                create function refuse() returns trigger language plpgsql as $$ begin raise exception 'refused'; end $$;
                create trigger refuse before update of cursor on lastcall.operations for each row execute function refuse();
                """
            )
            #expect(try await bench.step() == OperationStep())
            #expect(try bench.number("select count(*) from lastcall.delivery_queue") == 500 * round)
            #expect(try bench.number(Self.again) == 500 * round)
            #expect(try bench.number("select done from lastcall.operations") == 500 * round)
            try bench.run("drop trigger refuse on lastcall.operations; drop function refuse()")
            try bench.run("update lastcall.operations set due_at = now()")
            #expect(try await bench.step()?.lanes.count == 1)
        }
        #expect(try await bench.step() == nil)
        #expect(try bench.number(Self.again) == 1_200)
        #expect(
            try bench.number(
                "select count(distinct subject_id) from lastcall.audit_events where type = 'logout.back_channel.redelivered'"
            ) == 1_200
        )
        #expect(try bench.tally(event.event.id) == ["in_progress 1200 0 0 0 0 0 1 f"])
        #expect(try await bench.store.redelivery(started.id, of: bench.issuer)?.done == 1_200)
    }

    @Test("what ended after the redelivery began is not sent again by it, nor what it sent itself")
    func endedLater() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        _ = try await bench.failed(3)
        _ = try await bench.start(RedeliveryFilter(clientID: "rp"), rate: 1)
        try await bench.accept(1, for: "rp")
        let batch = try await bench.claim(lane).map {
            $0.settled(.ended(.rejected, []), .rejected, status: 400)
        }
        _ = try await bench.store.settle(batch, worker: bench.worker, now: .now)
        for _ in 0..<10 {
            try bench.run("update lastcall.operations set due_at = now()")
            _ = try await bench.step()
            // Each fails again at once.
            try bench.run("update lastcall.delivery_queue set due_at = now() - interval '1 s'")
            let batch = try await bench.claim(lane).map {
                $0.settled(.ended(.rejected, []), .rejected, status: 400)
            }
            _ = try await bench.store.settle(batch, worker: bench.worker, now: .now)
        }
        #expect(try bench.texts(Self.done) == ["done 3 3 t"])
        #expect(try bench.number(Self.again) == 3)
        #expect(
            try bench.texts("select attempt_count from lastcall.deliveries order by 1") == [
                "1", "2", "2", "2",
            ]
        )
    }

    @Test(
        "two redeliveries of the same, by many runners at once, and single ones beside them, put each back once"
    )
    func concurrent() async throws {
        let bench = try await Workbench(connections: 8)
        let event = try await bench.failed(900).event.id
        _ = try await bench.start(RedeliveryFilter(clientID: "rp"))
        _ = try await bench.start(RedeliveryFilter(statuses: [.failed]))
        let (store, issuer) = (bench.store, bench.issuer)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    try await eventually("the end of both") {
                        _ = try await store.runOperationStep(usualDeliverWithin: 60)
                        return try await store.redeliveries(
                            in: [.running],
                            IDWindow(limit: 10),
                            of: issuer
                        ).isEmpty
                    }
                }
            }
            for ordinal in stride(from: 1, through: 900, by: 30) {
                group.addTask {
                    do {
                        _ = try await store.redeliver(event.delivery(ordinal), of: issuer)
                    } catch let error as OutboxError {
                        #expect(error == .notEnded)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try bench.number(Self.again) == 900)
        #expect(try bench.number("select count(*) from lastcall.delivery_queue") == 900)
        #expect(try bench.tally() == ["in_progress 900 0 0 0 0 0 1 f"])
        let sum =
            "select sum(done) + (select count(*) from lastcall.audit_events where type = 'logout.back_channel.redelivered' and data ->> 'redelivery' is null) from lastcall.operations"
        #expect(try bench.number(sum) == 900)
    }

    @Test(
        "an operation that another process works on is not taken twice, and does not keep others from theirs"
    )
    func lockedOperation() async throws {
        let bench = try await Workbench()
        _ = try await bench.failed(2)
        let first = try await bench.start(RedeliveryFilter(clientID: "rp"))
        try bench.run("begin; select * from lastcall.operations for update")
        #expect(try await bench.step() == nil)
        try bench.run("rollback")
        let second = try await bench.start(RedeliveryFilter(clientID: "nobody"))
        try bench.run(
            "begin; select * from lastcall.operations where operation_id = '\(first.id.lowercased)' for update"
        )
        #expect(try await bench.step() != nil)
        #expect(try await bench.store.redelivery(second.id, of: bench.issuer)?.status == .done)
        try bench.run("rollback")
        try await bench.runOperations()
        #expect(try await bench.store.redelivery(first.id, of: bench.issuer)?.done == 2)
    }

    @Test("a redelivery is cancelled midway once; what it put into the queue stays there")
    func cancel() async throws {
        let bench = try await Workbench()
        _ = try await bench.failed(700)
        let started = try await bench.start(RedeliveryFilter(clientID: "rp"))
        _ = try await bench.step()
        let cancelled = try await bench.store.cancelRedelivery(started.id, of: bench.issuer)
        #expect(cancelled.status == .cancelled)
        #expect(cancelled.done == 500)
        #expect(cancelled.endedAt != nil)
        try await bench.runOperations()
        #expect(try bench.number("select count(*) from lastcall.delivery_queue") == 500)
        await #expect(throws: OutboxError.alreadyEnded) {
            try await bench.store.cancelRedelivery(started.id, of: bench.issuer)
        }
        #expect(try bench.texts(Self.done) == ["cancelled 700 500 t"])
    }

    @Test("deliveries whose client cannot be told any more end again at once, and are done")
    func endAgain() async throws {
        let bench = try await Workbench()
        _ = try await bench.failed(5)
        try await bench.deleteClient("rp")
        _ = try await bench.start(RedeliveryFilter(clientID: "rp"))
        #expect(try await bench.step() == OperationStep())
        #expect(try bench.texts(Self.done) == ["done 5 5 t"])
        #expect(try bench.tally() == ["failed 0 0 5 0 0 0 2 t"])
        #expect(try bench.texts("select distinct reason from lastcall.deliveries") == ["client_not_found"])
        #expect(
            try bench.number("select count(*) from lastcall.audit_events where type = 'logout.ended'") == 2
        )
    }

    @Test("an operation of a kind that this program does not know is left to others")
    func unknownKind() async throws {
        let bench = try await Workbench()
        try bench.run(
            "insert into lastcall.operations (issuer_key, kind, filter, actor) values (1, 'expand', '{}', 'test')"
        )
        #expect(try await bench.step() == nil)
    }

    @Test("redeliveries are listed newest first, by page and status")
    func list() async throws {
        let bench = try await Workbench()
        let first = try await bench.start(RedeliveryFilter(clientID: "a"), isDryRun: true)
        let second = try await bench.start(RedeliveryFilter(clientID: "b"))
        let all = try await bench.store.redeliveries(in: [], IDWindow(limit: 10), of: bench.issuer)
        #expect(all.map(\.id) == [second.id, first.id])
        var window = IDWindow(limit: 1)
        window.cursor = second.id
        #expect(try await bench.store.redeliveries(in: [], window, of: bench.issuer).map(\.id) == [first.id])
        let running = try await bench.store.redeliveries(
            in: [.running],
            IDWindow(limit: 10),
            of: bench.issuer
        )
        #expect(running.map(\.id) == [second.id])
    }
}
