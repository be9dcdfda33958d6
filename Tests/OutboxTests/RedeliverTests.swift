import LastcallTestKit
import LogoutModel
import Outbox
import PostgresClient
import Testing

@Suite("Redelivering one", .lastcallDatabase, .timeLimit(.minutes(30)))
struct RedeliverTests {
    static let queue = """
        select concat_ws(' ', attempt_count, excused_count, lease_number > 0, lease_until, last_outcome, outcome_was_unknown,
            priority, closing is null, sub, sid) from lastcall.delivery_queue order by delivery_id
        """

    @Test(
        "a delivery that has ended goes back into the queue, its event is in progress again, and its counts follow",
        arguments: [
            // how it ended · force · what the event's row says before and after
            (Settlement.delivered([]), true, "completed 0 1 0 0 0 0 1 t"),
            (.ended(.rejected, .rejectedAfterUnknown), false, "failed 0 0 1 0 0 0 1 t"),
            (.ended(.attemptsExhausted, []), false, "failed 0 0 1 0 0 0 1 t"),
            (.ended(.deadlinePassed, []), false, "failed 0 0 0 1 0 0 1 t"),
            (.ended(.supersededByNewSession, []), false, "failed 0 0 0 1 0 0 1 t"),
            (.ended(.cancelledByOperator, []), false, "cancelled 0 0 0 0 1 0 1 t"),
            (.ended(.noBackchannelLogoutURI, []), true, "no_targets 0 0 0 0 0 1 1 t"),
        ]
    )
    func ends(end: Settlement, force: Bool, before: String) async throws {
        let bench = try await Workbench()
        let event = try await bench.ended([end]).event.id
        let id = event.delivery(1)
        #expect(try bench.tally() == [before])
        let (delivery, lanes) = try await bench.redeliver(id, force: force)
        #expect(lanes == [try bench.number("select client_key from lastcall.clients")].map(Int32.init))
        #expect(delivery.id == id)
        #expect(delivery.status == "retrying")
        #expect(delivery.reason == "server_error")
        #expect(delivery.attemptCount == 1)
        #expect(delivery.flags.isEmpty)
        #expect(delivery.endedAt == nil)
        #expect(delivery.nextAttemptAt != nil)
        #expect(try bench.tally() == ["in_progress 1 0 0 0 0 0 1 f"])
        #expect(
            try bench.texts(Self.queue) == ["1 1 t -infinity server_error f interactive t u s1"]
        )
        #expect(try bench.number("select count(*) from lastcall.deliveries") == 0)
        let note = """
            select concat_ws(' ', type, severity, actor, client_id, data ->> 'status', data ->> 'reason', data ->> 'attempts')
            from lastcall.audit_events where type = 'logout.back_channel.redelivered'
            """
        let words = ["logout.back_channel.redelivered notice operator rp1", end.status.rawValue]
        let reason = if case .ended(let reason, _) = end { [reason.rawValue] } else { [String]() }
        #expect(try bench.texts(note) == [(words + reason + ["1"]).joined(separator: " ")])
        // Attempts and leases go on; the second end is an end like the first.
        let claimed = try #require(try await bench.claim(lanes[0]).first)
        #expect(claimed.attempt == 2)
        #expect(claimed.excused == 1)
        #expect(claimed.lease.number > 1)
        #expect(claimed.sub == "u" && claimed.sid == "s1")
        let result = try await bench.settle(claimed, .delivered([]), .delivered, status: 200)
        #expect(result.endedEvents == [event])
        #expect(try bench.tally() == ["completed 0 1 0 0 0 0 2 t"])
        #expect(try bench.texts("select number from lastcall.attempts order by number") == ["1", "2"])
    }

    @Test("of an event with several deliveries only the one is sent again")
    func oneOfMany() async throws {
        let bench = try await Workbench()
        let ends: [Settlement] = [
            .delivered([]), .ended(.rejected, []), .ended(.deadlinePassed, []),
            .ended(.cancelledByOperator, []),
        ]
        let event = try await bench.ended(ends).event.id
        #expect(try bench.tally() == ["partial 0 1 1 1 1 0 1 t"])
        _ = try await bench.redeliver(event.delivery(3))
        #expect(try bench.tally() == ["in_progress 1 1 1 0 1 0 1 f"])
        _ = try await bench.redeliver(event.delivery(1), force: true)
        #expect(try bench.tally() == ["in_progress 2 0 1 0 1 0 1 f"])
        let found = try #require(try await bench.store.event(event, of: bench.issuer))
        #expect(
            found.event.deliveryCounts.map { "\($0.status) \($0.count)" } == [
                "retrying 2", "failed 1", "cancelled 1",
            ]
        )
    }

    @Test("a delivery that was never tried is pending again")
    func neverTried() async throws {
        let bench = try await Workbench()
        try await bench.putClient("rp")
        let event = try await bench.accept(1, for: "rp").event.id
        try await bench.cancel(event)
        let (delivery, _) = try await bench.redeliver(event.delivery(1))
        #expect(delivery.status == "pending")
        #expect(delivery.attemptCount == 0)
        #expect(try bench.texts(Self.queue) == ["0 0 t -infinity f interactive t s0"])
    }

    @Test("what is redelivered to a client on hold is held")
    func held() async throws {
        let bench = try await Workbench()
        let event = try await bench.ended([.ended(.rejected, [])]).event.id
        try bench.run("update lastcall.clients set held_at = now()")
        #expect(try await bench.redeliver(event.delivery(1)).delivery.status == "held")
    }

    @Test(
        "the new deadline is the request's, else the client's, else the issuer's, else the product's, from now",
        arguments: [
            (10.0, 20, 30, 10), (nil, 20, 30, 20), (nil, nil, 30, 30), (nil, nil, nil, 3_600),
        ]
    )
    func deadline(request: Double?, client: Int?, issuer: Int?, expected: Int) async throws {
        let bench = try await Workbench()
        func policy(_ seconds: Int?) -> String {
            seconds.map { #"{"deliver_within_seconds": \#($0)}"# } ?? "{}"
        }
        try await Workbench.putIssuer("acme", in: bench.store, delivery: policy(issuer))
        let event = try await bench.ended([.ended(.deadlinePassed, [])]).event.id
        try await bench.putClient("rp1", delivery: policy(client))
        try bench.run("update lastcall.deliveries set deliver_before = now() - interval '1 day'")
        _ = try await bench.redeliver(event.delivery(1), within: request)
        let left = "select extract(epoch from deliver_before - due_at)::int from lastcall.delivery_queue"
        #expect(try bench.number(left) == expected)
        #expect(
            try bench.texts(
                "select due_at between now() - interval '1 minute' and now() from lastcall.delivery_queue"
            )
                == ["true"]
        )
    }

    @Test("a delivery that is open is refused, whether it waits or is in flight")
    func notEnded() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        let event = try await bench.accept(2, for: "rp").event.id
        let claimed = try await bench.claim(lane, quota: 1)
        #expect(claimed.count == 1)
        for force in [false, true] {
            for ordinal in 1...2 {
                await #expect(throws: OutboxError.notEnded) {
                    try await bench.redeliver(event.delivery(ordinal), force: force)
                }
            }
        }
        #expect(try bench.tally() == ["in_progress 2 0 0 0 0 0 0 f"])
    }

    @Test("a delivered one needs force; what is not there, or another issuer's, is not found")
    func refused() async throws {
        let bench = try await Workbench()
        let event = try await bench.ended([.delivered([])]).event.id
        await #expect(throws: OutboxError.alreadyDelivered) { try await bench.redeliver(event.delivery(1)) }
        await #expect(throws: OutboxError.notFound) {
            try await bench.redeliver(event.delivery(2), force: true)
        }
        let stranger = try await Workbench.putIssuer("other", in: bench.store)
        await #expect(throws: OutboxError.notFound) {
            try await bench.store.redeliver(
                event.delivery(1),
                of: stranger,
                force: true,
                deliverWithin: nil,
                usualDeliverWithin: 60,
                actor: "operator"
            )
        }
        #expect(try bench.tally() == ["completed 0 1 0 0 0 0 1 t"])
        #expect(
            try bench.number(
                "select count(*) from lastcall.audit_events where type = 'logout.back_channel.redelivered'"
            ) == 0
        )
    }

    /// What has become of a client before its delivery is sent again.
    struct Change: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let sql: String
        let status: String
        let reason: String
        let tally: String
        let types: [String]
    }

    static let changes = [
        Change(
            testDescription: "deleted",
            sql: "update lastcall.clients set deleted_at = now()",
            status: "failed",
            reason: "client_not_found",
            tally: "failed 0 0 1 0 0 0 2 t",
            types: ["redelivered notice", "failed error"]
        ),
        Change(
            testDescription: "without URI",
            sql: "update lastcall.clients set backchannel_logout_uri = null",
            status: "not_covered",
            reason: "no_backchannel_logout_uri",
            tally: "no_targets 0 0 0 0 0 1 2 t",
            types: ["redelivered notice", "bcl.client_not_covered warning"]
        ),
        Change(
            testDescription: "in need of a sid",
            sql: "update lastcall.clients set backchannel_logout_session_required = true",
            status: "failed",
            reason: "session_required_no_sid",
            tally: "failed 0 0 1 0 0 0 2 t",
            types: ["redelivered notice", "failed error"]
        ),
    ]

    @Test(
        "a delivery whose client cannot be told any more ends again at once, with the reason",
        arguments: changes
    )
    func endsAgain(change: Change) async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        let event = try await bench.accept([.sub("rp", "u")]).event.id
        let claimed = try #require(try await bench.claim(lane).first)
        try await bench.settle(claimed, .ended(.deadlinePassed, []), .timeout)
        let trail = try bench.number("select count(*) from lastcall.audit_events")
        try bench.run(change.sql)
        let (delivery, lanes) = try await bench.redeliver(event.delivery(1))
        #expect(lanes.isEmpty)
        #expect(delivery.status == change.status)
        #expect(delivery.reason == change.reason)
        #expect(delivery.attemptCount == 1)
        #expect(delivery.endedAt != nil)
        #expect(try bench.tally() == [change.tally])
        #expect(try bench.number("select count(*) from lastcall.delivery_queue") == 0)
        let notes = try bench.texts(
            """
            select concat_ws(' ', replace(type::text, 'logout.back_channel.', ''), severity)
            from lastcall.audit_events order by audit_id offset \(trail)
            """
        )
        #expect(notes == change.types + ["logout.ended info"])
    }

    @Test("a client that was deleted and registered again is told")
    func registeredAgain() async throws {
        let bench = try await Workbench()
        let event = try await bench.ended([.ended(.rejected, [])]).event.id
        try await bench.deleteClient("rp1")
        let lane = try await bench.putClient("rp1")
        #expect(try await bench.redeliver(event.delivery(1)).lanes == [lane])
        #expect(try await bench.claim(lane).count == 1)
    }

    @Test("a target that was unknown is told once it is registered")
    func unknownClient() async throws {
        let bench = try await Workbench()
        let event = try await bench.accept([.sid("late", "1")]).event.id
        #expect(try bench.tally() == ["failed 0 0 1 0 0 0 1 t"])
        let lane = try await bench.putClient("late")
        let (delivery, _) = try await bench.redeliver(event.delivery(1))
        #expect(delivery.status == "pending")
        let claimed = try #require(try await bench.claim(lane).first)
        try await bench.settle(claimed, .delivered([]), .delivered, status: 200)
        #expect(try bench.tally() == ["completed 0 1 0 0 0 0 2 t"])
    }

    @Test("an attempt of a lost worker before a redelivery is not forgotten")
    func unknownOutcome() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        let event = try await bench.accept(1, for: "rp").event.id
        _ = try await bench.claim(lane)
        try bench.expireLeases()
        let claimed = try #require(try await bench.claim(lane).first)
        try await bench.settle(claimed, .ended(.attemptsExhausted, []), .serverError, status: 500)
        _ = try await bench.redeliver(event.delivery(1))
        #expect(try #require(try await bench.claim(lane).first).hadUnknownOutcome)
    }

    @Test("the answer to an attempt of before a redelivery changes nothing")
    func stale() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        let event = try await bench.accept(1, for: "rp").event.id
        let claimed = try #require(try await bench.claim(lane).first)
        try await bench.settle(claimed, .ended(.rejected, []), .rejected, status: 400)
        _ = try await bench.redeliver(event.delivery(1))
        let late = try await bench.settle(claimed, .delivered([]), .delivered, status: 200)
        #expect(late.fenced == [event.delivery(1)])
        #expect(try bench.tally() == ["in_progress 1 0 0 0 0 0 1 f"])
    }

    @Test("many redeliveries of one delivery at once put it back once")
    func concurrent() async throws {
        let bench = try await Workbench(connections: 8)
        let event = try await bench.ended([.ended(.rejected, [])]).event.id
        let (store, issuer) = (bench.store, bench.issuer)
        let words = await withTaskGroup(of: String.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    do {
                        return try await store.redeliver(event.delivery(1), of: issuer).delivery.status
                    } catch {
                        return "\(error)"
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(words.sorted() == [String](repeating: "notEnded", count: 7) + ["retrying"])
        #expect(try bench.tally() == ["in_progress 1 0 0 0 0 0 1 f"])
    }

    @Test("an audit event that cannot be written takes the whole redelivery back")
    func auditFails() async throws {
        let bench = try await Workbench()
        let event = try await bench.ended([.ended(.rejected, [])]).event.id
        let before = try bench.tally()
        try bench.refuseAudit()
        await #expect(throws: (any Error).self) { try await bench.redeliver(event.delivery(1)) }
        #expect(try bench.tally() == before)
        #expect(try bench.number("select count(*) from lastcall.delivery_queue") == 0)
        #expect(try bench.number("select count(*) from lastcall.deliveries") == 1)
    }
}
