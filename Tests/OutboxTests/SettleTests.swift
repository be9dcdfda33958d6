import AuditTrail
import LastcallTestKit
import LogoutModel
import Outbox
import Testing

@Suite("Settling", .lastcallDatabase, .timeLimit(.minutes(30)))
struct SettleTests {
    @Test("a mixed batch records each delivery as it ended")
    func mixed() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        let event = try await bench.accept(5, for: "rp").event
        let claimed = try await bench.claim(lane).sorted {
            $0.lease.delivery.ordinal < $1.lease.delivery.ordinal
        }
        try #require(claimed.count == 5)
        let batch = [
            claimed[0].settled(.delivered(.nonstandardStatus), .delivered, status: 202),
            claimed[1].settled(.ended(.rejected, .rejectedAfterUnknown), .rejected, status: 400),
            claimed[2].settled(.retry(after: .seconds(60), isExcused: false), .serverError, status: 503),
            claimed[3].settled(.retry(after: .seconds(60), isExcused: true), .localError),
            claimed[4].settled(.retry(after: .seconds(60), isExcused: false), nil),
        ]
        let result = try await bench.store.settle(batch.shuffled(), worker: bench.worker, now: .now)
        #expect(result.fenced.isEmpty)
        #expect(result.endedEvents.isEmpty)
        #expect(
            try bench.texts(
                """
                select concat_ws(' ', status, reason, attempt_count, nonstandard_status, rejected_after_unknown)
                from lastcall.deliveries order by delivery_id
                """
            ) == ["delivered 1 t f", "failed rejected 1 f t"]
        )
        #expect(
            try bench.texts(
                """
                select concat_ws(' ', attempt_count, excused_count, last_outcome, lease_until, due_at > now() + '50 s',
                    due_at < now() + '61 s') from lastcall.delivery_queue order by delivery_id
                """
            ) == ["1 0 server_error -infinity t t", "1 1 local_error -infinity t t", "0 0 -infinity t t"]
        )
        #expect(
            try bench.texts(
                "select concat_ws(' ', number, outcome, http_status, worker_key = 1, latency_ms) from lastcall.attempts order by delivery_id"
            ) == [
                "1 delivered 202 t 40", "1 rejected 400 t 40", "1 server_error 503 t 40",
                "1 local_error t 40",
            ]
        )
        #expect(
            try bench.audit().dropFirst().sorted() == [
                "logout.back_channel.attempted info", "logout.back_channel.attempted info",
                "logout.back_channel.attempted info", "logout.back_channel.delivered info",
                "logout.back_channel.failed error",
            ]
        )
        let found = try #require(try await bench.store.event(event.id, of: bench.issuer))
        #expect(found.event.status == .inProgress)
        #expect(
            found.event.deliveryCounts.map { "\($0.status) \($0.count)" }
                == ["pending 1", "retrying 2", "delivered 1", "failed 1"]
        )
    }

    @Test(
        "a retry that would come at the deadline, or a moment before, comes at it",
        arguments: [(3_599.9, true), (3_600, true), (9_000, true), (3_000, false)]
    )
    func atDeadline(seconds: Double, isAtDeadline: Bool) async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try await bench.accept(1, for: "rp")
        let claimed = try #require(try await bench.claim(lane).first)
        try await bench.settle(claimed, .retry(after: .seconds(seconds), isExcused: false), .timeout)
        let due = try bench.texts("select (due_at = deliver_before)::text from lastcall.delivery_queue")
        #expect(due == [isAtDeadline ? "true" : "false"])
    }

    @Test("a lease that another worker took over writes nothing but the late status")
    func fenced() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try await bench.accept(1, for: "rp")
        let lost = try #require(try await bench.claim(lane).first)
        try bench.expireLeases()
        let current = try #require(try await bench.claim(lane).first)
        let late = try await bench.settle(lost, .delivered([]), .delivered, status: 200)
        #expect(late.fenced == [lost.lease.delivery])
        #expect(late.endedEvents.isEmpty)
        #expect(try bench.number("select count(*) from lastcall.deliveries") == 0)
        let attempts =
            "select concat_ws(' ', number, outcome, http_status, late_http_status) from lastcall.attempts order by number"
        #expect(try bench.texts(attempts) == ["1 unknown 200"])
        try await bench.settle(current, .ended(.rejected, []), .rejected, status: 400)
        #expect(try bench.texts(attempts) == ["1 unknown 200", "2 rejected 400"])
        #expect(try bench.texts("select status from lastcall.deliveries") == ["failed"])
    }

    @Test(
        "the same settlement a second time is fenced and changes nothing",
        arguments: [
            (Settlement.delivered([]), AttemptOutcome?.some(.delivered)),
            (.ended(.rejected, []), .rejected),
            (.retry(after: .seconds(60), isExcused: false), .timeout),
            (.retry(after: .seconds(60), isExcused: true), .localError),
            (.retry(after: .seconds(60), isExcused: false), nil),
            (.ended(.deadlinePassed, []), nil),
        ]
    )
    func redo(settlement: Settlement, outcome: AttemptOutcome?) async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try await bench.accept(1, for: "rp")
        let claimed = try #require(try await bench.claim(lane).first)
        let everything = """
            select row(q.*)::text from lastcall.delivery_queue q union all select row(d.*)::text from lastcall.deliveries d
            union all select row(a.*)::text from lastcall.attempts a union all select row(e.*)::text from lastcall.logout_events e
            union all select row(n.*)::text from lastcall.audit_events n
            """
        let first = try await bench.settle(claimed, settlement, outcome, status: 500)
        #expect(first.fenced.isEmpty)
        let before = try bench.texts(everything).sorted()
        let second = try await bench.settle(claimed, settlement, outcome, status: 500)
        #expect(second.fenced == [claimed.lease.delivery])
        #expect(second.endedEvents.isEmpty)
        #expect(try bench.texts(everything).sorted() == before)
    }

    @Test("an outcome under a released lease is fenced")
    func released() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try await bench.accept(1, for: "rp")
        let claimed = try #require(try await bench.claim(lane).first)
        try await bench.store.release([claimed.lease], worker: bench.worker)
        let late = try await bench.settle(claimed, .retry(after: .seconds(9), isExcused: false), nil)
        #expect(late.fenced == [claimed.lease.delivery])
        #expect(try bench.texts("select attempt_count from lastcall.delivery_queue") == ["0"])
    }

    /// Claims commit asynchronously: a crash of Postgres can lose one that a worker acts on already.
    @Test("a lease number that is given again after a crash is told apart by its worker")
    func numberGivenAgain() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try await bench.accept(1, for: "rp")
        let lost = try #require(try await bench.claim(lane).first)
        try bench.run(
            """
            update lastcall.delivery_queue
            set lease_until = '-infinity', lease_number = 0, attempt_count = 0, worker_key = null
            """
        )
        let second = try await bench.store.registerWorker(named: "second")
        let again = try #require(try await bench.claim(lane, worker: second).first)
        try bench.run("update lastcall.delivery_queue set lease_number = \(lost.lease.number)")
        let stale = try await bench.settle(lost, .ended(.rejected, []), .rejected, status: 400)
        #expect(stale.fenced == [lost.lease.delivery])
        try bench.run("update lastcall.delivery_queue set lease_number = \(again.lease.number)")
        let result = try await bench.settle(again, .delivered([]), .delivered, status: 200, worker: second)
        #expect(result.fenced.isEmpty)
        #expect(result.endedEvents.count == 1)
    }

    /// Found by docs/model: a worker would have settled its second claim with what its first, lost one had met.
    @Test("a worker that claims again what a crash made it lose gets other lease numbers")
    func numbersLeaveGaps() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try await bench.accept(16, for: "rp")
        let lost = try await bench.claim(lane)
        #expect(lost.count == 16)
        try bench.run(
            """
            update lastcall.delivery_queue
            set lease_until = '-infinity', lease_number = 0, attempt_count = 0, worker_key = null
            """
        )
        let again = try await bench.claim(lane)
        let before = Dictionary(uniqueKeysWithValues: lost.map { ($0.lease.delivery, $0) })
        let others = again.filter { $0.lease.number != before[$0.lease.delivery]?.lease.number }
        // One in a thousand may be given again; more than one of sixteen will not.
        #expect(others.count >= 15)
        let twin = try #require(others.first.flatMap { before[$0.lease.delivery] })
        let stale = try await bench.settle(
            twin,
            .retry(after: .zero, isExcused: false),
            .serverError,
            status: 503
        )
        #expect(stale.fenced == [twin.lease.delivery])
        #expect(try await bench.claim(lane).isEmpty)
    }

    @Test("an outcome under an expired lease that nobody took over is recorded")
    func expired() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try await bench.accept(1, for: "rp")
        let claimed = try #require(try await bench.claim(lane).first)
        try bench.expireLeases()
        let result = try await bench.settle(claimed, .delivered([]), .delivered, status: 200)
        #expect(result.fenced.isEmpty)
        #expect(result.endedEvents.count == 1)
    }

    @Test(
        "a client that is deleted while its delivery is in flight ends it, unless the RP accepted",
        arguments: [
            (Settlement.delivered([]), AttemptOutcome?.some(.delivered), "delivered"),
            (.retry(after: .seconds(1), isExcused: false), .timeout, "failed client_not_found"),
            (.ended(.rejected, []), .rejected, "failed client_not_found"),
            (.retry(after: .seconds(1), isExcused: false), nil, "failed client_not_found"),
        ]
    )
    func closing(settlement: Settlement, outcome: AttemptOutcome?, end: String) async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try await bench.accept(2, for: "rp")
        let claimed = try #require(try await bench.claim(lane, quota: 1).first)
        try await bench.deleteClient("rp")
        let ends = "select concat_ws(' ', status, reason) from lastcall.deliveries order by ended_at"
        #expect(try bench.texts(ends) == ["failed client_not_found"])
        let result = try await bench.settle(claimed, settlement, outcome)
        #expect(result.endedEvents == [claimed.lease.delivery.event])
        #expect(try bench.texts(ends) == ["failed client_not_found", end])
        #expect(
            try bench.texts("select count(*) from lastcall.attempts") == [outcome == nil ? "0" : "1"]
        )
    }

    @Test(
        "the last delivery ends its event",
        arguments: [
            ([Settlement.delivered([]), .delivered([])], LogoutEventStatus.completed),
            ([.delivered([]), .ended(.rejected, [])], .partial),
            ([.ended(.rejected, []), .ended(.deadlinePassed, [])], .failed),
            ([.ended(.cancelledByOperator, []), .ended(.cancelledByOperator, [])], .cancelled),
            ([.ended(.cancelledByOperator, []), .delivered([])], .partial),
            ([.ended(.cancelledByOperator, []), .ended(.rejected, [])], .failed),
            ([.ended(.noBackchannelLogoutURI, []), .ended(.noBackchannelLogoutURI, [])], .noTargets),
            ([.ended(.noBackchannelLogoutURI, []), .delivered([])], .completed),
        ]
    )
    func lastDelivery(settlements: [Settlement], status: LogoutEventStatus) async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        let event = try await bench.accept(settlements.count, for: "rp").event
        let claimed = try await bench.claim(lane)
        for (index, pair) in zip(claimed, settlements).enumerated() {
            let result = try await bench.settle(pair.0, pair.1, .unreachable)
            #expect(result.endedEvents == (index == settlements.count - 1 ? [event.id] : []))
        }
        let found = try #require(try await bench.store.event(event.id, of: bench.issuer)).event
        #expect(found.status == status)
        #expect(found.endedAt != nil)
        #expect(try bench.number("select open_count from lastcall.logout_events") == 0)
        #expect(
            try bench.texts("select data ->> 'status' from lastcall.audit_events where type = 'logout.ended'")
                == [status.rawValue]
        )
    }

    @Test("many workers that settle the same events at once lose no count and end each event once")
    func concurrent() async throws {
        let bench = try await Workbench(connections: 8)
        let lane = try await bench.putClient("rp")
        let (events, deliveries, tasks) = (6, 24, 12)
        for _ in 0..<events { try await bench.accept(deliveries, for: "rp") }
        var shares = [[SettledDelivery]](repeating: [], count: tasks)
        for (index, claimed) in try await bench.claim(lane, quota: 1_000).shuffled().enumerated() {
            shares[index % tasks].append(
                index % 2 == 0
                    ? claimed.settled(.delivered([]), .delivered, status: 200)
                    : claimed.settled(.ended(.rejected, []), .rejected, status: 400)
            )
        }
        let (store, worker) = (bench.store, bench.worker)
        let ended = try await withThrowingTaskGroup(of: [LogoutEventID].self) { group in
            for share in shares {
                group.addTask {
                    var ended: [LogoutEventID] = []
                    for start in stride(from: 0, to: share.count, by: 4) {
                        let piece = Array(share[start..<min(start + 4, share.count)])
                        let result = try await store.settle(piece, worker: worker, now: .now)
                        #expect(result.fenced.isEmpty)
                        ended += result.endedEvents
                    }
                    return ended
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(ended.count == events)
        #expect(Set(ended).count == events)
        #expect(try bench.number("select count(*) from lastcall.delivery_queue") == 0)
        #expect(
            try bench.texts(
                "select distinct open_count || ' ' || delivered + failed || ' ' || (ended_at is not null) from lastcall.logout_events"
            )
                == ["0 \(deliveries) true"]
        )
        #expect(
            try bench.number("select sum(delivered) from lastcall.logout_events") == events * deliveries / 2
        )
        #expect(
            try bench.number("select count(*) from lastcall.audit_events where type = 'logout.ended'")
                == events
        )
    }

    @Test("an audit event that cannot be written takes the whole settlement back")
    func auditFails() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try await bench.accept(1, for: "rp")
        let claimed = try #require(try await bench.claim(lane).first)
        try bench.refuseAudit()
        await #expect(throws: (any Error).self) {
            try await bench.settle(claimed, .delivered([]), .delivered, status: 200)
        }
        #expect(try bench.number("select count(*) from lastcall.delivery_queue") == 1)
        #expect(try bench.number("select count(*) from lastcall.deliveries") == 0)
        try bench.refuseAudit(false)
        #expect(
            try await bench.settle(claimed, .delivered([]), .delivered, status: 200).endedEvents.count == 1
        )
    }

    @Test("a client deleted while many settle: each delivery ends once, and no deadlock is left to anybody")
    func deletedMeanwhile() async throws {
        let bench = try await Workbench(connections: 6)
        let lane = try await bench.putClient("rp")
        for _ in 0..<4 { try await bench.accept(50, for: "rp") }
        let claimed = try await bench.claim(lane, quota: 150).shuffled()
        let (store, worker, issuer) = (bench.store, bench.worker, bench.issuer)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for start in stride(from: 0, to: claimed.count, by: 10) {
                let share = claimed[start..<start + 10]
                group.addTask {
                    let batch = share.map { $0.settled(.retry(after: .zero, isExcused: false), .timeout) }
                    let result = try await store.settle(batch, worker: worker, now: .now)
                    #expect(result.fenced.isEmpty)
                }
            }
            group.addTask {
                let note = AuditNote(.clientDeleted, clientID: "rp", actor: "test")
                try await store.deleteClient("rp", of: issuer, note: note)
            }
            try await group.waitForAll()
        }
        _ = try await store.endOverdue(worker: worker)
        #expect(try bench.number("select count(*) from lastcall.delivery_queue") == 0)
        #expect(
            try bench.texts(
                "select concat_ws(' ', reason, count(*)) from lastcall.deliveries group by reason"
            )
                == ["client_not_found 200"]
        )
        #expect(
            try bench.texts(
                "select distinct concat_ws(' ', status, failed, open_count) from lastcall.logout_events"
            )
                == ["failed 50 0"]
        )
    }
}
