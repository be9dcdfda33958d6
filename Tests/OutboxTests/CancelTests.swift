import LastcallTestKit
import LogoutModel
import Outbox
import PostgresClient
import Testing

@Suite("Cancelling events", .lastcallDatabase, .timeLimit(.minutes(30)))
struct CancelTests {
    static let ends =
        "select concat_ws(' ', status, reason, attempt_count) from lastcall.deliveries order by delivery_id"

    @Test("pending, retrying and held deliveries end as cancelled by the operator, and the event with them")
    func waiting() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try await bench.putClient("held")
        let event = try await bench.accept([.sid("rp", "1"), .sid("rp", "2"), .sid("held", "3")]).event.id
        let claimed = try #require(try await bench.claim(lane, quota: 1).first)
        try await bench.settle(claimed, .retry(after: .seconds(60), isExcused: false), .timeout)
        try bench.run("update lastcall.clients set held_at = now() where client_id = 'held'")
        try await bench.cancel(event)
        #expect(
            try bench.texts(Self.ends).sorted() == [
                "cancelled cancelled_by_operator 0", "cancelled cancelled_by_operator 0",
                "cancelled cancelled_by_operator 1",
            ]
        )
        #expect(try bench.tally() == ["cancelled 0 0 0 0 3 0 1 t"])
        #expect(
            try bench.texts(
                "select concat_ws(' ', type, actor) from lastcall.audit_events where type in ('logout.back_channel.cancelled', 'logout.ended') order by audit_id"
            ) == [String](repeating: "logout.back_channel.cancelled operator", count: 3) + [
                "logout.ended system"
            ]
        )
    }

    @Test(
        "an attempt in flight is finished: delivered if the RP accepts, cancelled otherwise",
        arguments: [
            (
                Settlement.delivered([]), AttemptOutcome?.some(.delivered), "delivered 1",
                "completed 0 1 0 0 0"
            ),
            (
                .retry(after: .seconds(1), isExcused: false), .serverError,
                "cancelled cancelled_by_operator 1",
                "cancelled 0 0 0 0 1"
            ),
            (.ended(.rejected, []), .rejected, "cancelled cancelled_by_operator 1", "cancelled 0 0 0 0 1"),
            (
                .retry(after: .seconds(1), isExcused: false), nil, "cancelled cancelled_by_operator 0",
                "cancelled 0 0 0 0 1"
            ),
        ]
    )
    func inFlight(settlement: Settlement, outcome: AttemptOutcome?, end: String, tally: String) async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        let event = try await bench.accept(1, for: "rp").event.id
        let claimed = try #require(try await bench.claim(lane).first)
        try await bench.cancel(event)
        #expect(try bench.tally() == ["in_progress 1 0 0 0 0 0 0 f"])
        // Not for a claim any more, nor for a second cancel to end.
        try await bench.cancel(event)
        try bench.expireLeases()
        #expect(try await bench.claim(lane).isEmpty)
        let result = try await bench.settle(claimed, settlement, outcome)
        #expect(result.endedEvents == [event])
        #expect(try bench.texts(Self.ends) == [end])
        #expect(try bench.tally() == ["\(tally) 0 1 t"])
        let ends =
            "select actor from lastcall.audit_events where type in ('logout.back_channel.cancelled', 'logout.back_channel.delivered')"
        #expect(try bench.texts(ends) == [end.hasPrefix("delivered") ? "system" : "operator"])
    }

    @Test("what a lost worker had in flight ends as cancelled once its lease is over")
    func lostWorker() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        let event = try await bench.accept(1, for: "rp").event.id
        _ = try await bench.claim(lane)
        try await bench.cancel(event)
        #expect(try await bench.store.endOverdue(worker: bench.worker) == 0)
        try bench.expireLeases()
        #expect(try await bench.store.endOverdue(worker: bench.worker) == 1)
        #expect(try bench.texts(Self.ends) == ["cancelled cancelled_by_operator 1"])
        #expect(try bench.texts("select outcome from lastcall.attempts") == ["unknown"])
    }

    @Test("only what is open changes, and an event of which a part was delivered is partial")
    func partly() async throws {
        let bench = try await Workbench()
        let event = try await bench.ended([.delivered([]), .ended(.rejected, [])]).event.id
        let lane = try await bench.putClient("rp1")
        let other = try await bench.accept(2, for: "rp1").event.id
        let claimed = try #require(try await bench.claim(lane, quota: 1).first)
        try await bench.settle(claimed, .delivered([]), .delivered, status: 200)
        try await bench.cancel(other)
        #expect(try bench.tally(other) == ["partial 0 1 0 0 1 0 1 t"])
        #expect(try bench.tally(event) == ["partial 0 1 1 0 0 0 1 t"])
    }

    @Test("an event that has ended, or is none, is refused and nothing changes")
    func refused() async throws {
        let bench = try await Workbench()
        let event = try await bench.ended([.delivered([])]).event.id
        let before = try bench.tally()
        await #expect(throws: OutboxError.alreadyEnded) { try await bench.cancel(event) }
        let stranger = try await Workbench.putIssuer("other", in: bench.store)
        await #expect(throws: OutboxError.notFound) {
            try await bench.store.cancelEvent(event, of: stranger, actor: "operator")
        }
        #expect(try bench.tally() == before)
        #expect(try bench.number("select count(*) from lastcall.operations") == 0)
    }

    @Test(
        "a cancel of many deliveries is left to an operation, that is worked off in steps",
        arguments: [2_000, 2_001]
    )
    func many(count: Int) async throws {
        let bench = try await Workbench()
        try await bench.putClient("rp")
        let event = try await bench.accept(count, for: "rp").event.id
        try await bench.cancel(event)
        guard count > 2_000 else {
            #expect(try bench.number("select count(*) from lastcall.operations") == 0)
            #expect(try bench.tally() == ["cancelled 0 0 0 0 2000 0 1 t"])
            return
        }
        #expect(try bench.tally() == ["in_progress 2001 0 0 0 0 0 0 f"])
        // A second cancel joins the first.
        try await bench.cancel(event)
        #expect(
            try bench.texts(
                "select concat_ws(' ', kind, status, matched, done, actor) from lastcall.operations"
            )
                == ["cancel running 2001 0 operator"]
        )
        for step in 1...5 {
            #expect(try await bench.step() != nil)
            #expect(
                try bench.number("select open_count from lastcall.logout_events")
                    == max(0, 2_001 - 500 * step)
            )
        }
        #expect(try await bench.step() == nil)
        #expect(try bench.tally() == ["cancelled 0 0 0 0 2001 0 1 t"])
        #expect(
            try bench.texts("select concat_ws(' ', status, done) from lastcall.operations") == ["done 2001"]
        )
    }

    @Test("a step whose transaction is lost is done again, once")
    func crash() async throws {
        let bench = try await Workbench()
        try await bench.putClient("rp")
        let event = try await bench.accept(2_001, for: "rp").event.id
        try await bench.cancel(event)
        for round in 1...5 {
            try bench.refuseAudit()
            #expect(try await bench.step() == OperationStep())
            // It waits its turn now.
            #expect(try await bench.step() == nil)
            try bench.refuseAudit(false)
            #expect(try bench.number("select done from lastcall.operations") == 500 * (round - 1))
            try bench.run("update lastcall.operations set due_at = now()")
            #expect(try await bench.step() != nil)
        }
        #expect(try bench.tally() == ["cancelled 0 0 0 0 2001 0 1 t"])
        let notes = "select count(*) from lastcall.audit_events where type = 'logout.back_channel.cancelled'"
        #expect(try bench.number(notes) == 2_001)
    }

    @Test("many cancels of an event at once end each delivery once")
    func concurrent() async throws {
        let bench = try await Workbench(connections: 6)
        let lane = try await bench.putClient("rp")
        let event = try await bench.accept(300, for: "rp").event.id
        let claimed = try await bench.claim(lane, quota: 50)
        let (store, worker, issuer) = (bench.store, bench.worker, bench.issuer)
        let cancels = try await withThrowingTaskGroup(of: Bool?.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    do { try await store.cancelEvent(event, of: issuer, actor: "operator") } catch OutboxError
                        .alreadyEnded
                    {
                        return false
                    }
                    return true
                }
            }
            group.addTask {
                let batch = claimed.map { $0.settled(.delivered([]), .delivered, status: 200) }
                _ = try await store.settle(batch, worker: worker, now: .now)
                return nil
            }
            return try await group.reduce(into: [Bool]()) { all, one in one.map { all.append($0) } }
        }
        #expect(cancels.contains(true))
        #expect(try bench.tally() == ["partial 0 50 0 0 250 0 1 t"])
        #expect(try bench.number("select count(*) from lastcall.delivery_queue") == 0)
        #expect(
            try bench.number("select count(*) from lastcall.audit_events where type = 'logout.ended'") == 1
        )
    }

    @Test(
        "an event that is still being expanded stops there, and the rest of its sessions stay recorded",
        arguments: [
            // delivered before the cancel
            (0, "cancelled 0 0 0 0 500 0 1 t"), (1, "partial 0 1 0 0 499 0 1 t"),
            (500, "completed 0 500 0 0 0 0 1 t"),
        ]
    )
    func expanding(delivered: Int, tally: String) async throws {
        let bench = try await ExpansionTests.bench(1_200)
        let event = try #require(try await bench.accept(bench.request(where: ["client_id": "rp"])).accepted)
            .event.id
        let lane = try #require(try await bench.store.expandStep(limit: 500, usualDeliverWithin: 60)?.first)
        for claimed in try await bench.claim(lane, quota: delivered) {
            try await bench.settle(claimed, .delivered([]), .delivered, status: 200)
        }
        try await bench.cancel(event)
        #expect(try bench.tally() == [tally])
        #expect(try await bench.store.expandStep(usualDeliverWithin: 60) == nil)
        #expect(try bench.number("select count(*) from lastcall.participations") == 700)
        #expect(
            try bench.texts("select concat_ws(' ', status, ended_at is not null) from lastcall.operations")
                == ["cancelled t"]
        )
        #expect(
            try bench.number("select count(*) from lastcall.audit_events where type = 'logout.ended'") == 1
        )
    }

    @Test("an expansion that had made nothing leaves a cancelled event")
    func nothingExpanded() async throws {
        let bench = try await Workbench()
        let event = try await bench.accept([]).event.id
        try bench.run(
            "update lastcall.logout_events set expanding = true, ended_at = null, end_count = 0, status = 'in_progress'"
        )
        try await bench.cancel(event)
        #expect(try bench.tally() == ["cancelled 0 0 0 0 0 0 1 t"])
        // There is no delivery whose end could name the operator.
        let actors = try bench.texts(
            "select actor from lastcall.audit_events where type = 'logout.ended' order by audit_id desc limit 1"
        )
        #expect(actors == ["operator"])
    }
}
