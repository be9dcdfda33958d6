import LastcallSQL
import LastcallTestKit
import LogoutModel
import Outbox
import PostgresClient
import Testing

@Suite("Claiming", .lastcallDatabase, .timeLimit(.minutes(30)))
struct ClaimTests {
    @Test("many claimers over several pools never get one delivery twice, and together get all")
    func exclusive() async throws {
        let bench = try await Workbench()
        let other = Workbench.store(try Workbench.pool(4))
        var lanes: [LaneClaim] = []
        for index in 0..<4 {
            let lane = try await bench.putClient("rp\(index)")
            lanes.append(LaneClaim(client: lane, lowWater: .beginning, quota: 7))
            try await bench.accept(100, for: "rp\(index)")
        }
        var pending = DeliveryFilter()
        pending.statuses = ["pending"]
        let claimed = try await withThrowingTaskGroup(of: [ClaimedDelivery].self) { group in
            for claimer in 0..<8 {
                group.addTask {
                    [
                        lanes, pending, issuer = bench.issuer, worker = bench.worker,
                        store = claimer % 2 == 0 ? bench.store : other
                    ] in
                    var mine: [ClaimedDelivery] = []
                    // Others may hold the rows that this one looked at: an empty claim is no sign of the end.
                    try await eventually("all claimed") {
                        let batch = try await store.claim(lanes, limit: 20, worker: worker, defaults: .usual)
                        #expect(batch.deliveries.count <= 20)
                        mine += batch.deliveries
                        return try await store.deliveries(pending, in: IDWindow(limit: 1), of: issuer).isEmpty
                    }
                    return mine
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(claimed.count == 400)
        #expect(Set(claimed.map(\.lease.delivery)).count == 400)
        #expect(claimed.allSatisfy { $0.lease.number > 0 && $0.attempt == 1 && !$0.hadUnknownOutcome })
    }

    @Test(
        "a claim takes no more than quota, limit and cap allow",
        arguments: [
            // quota, limit, cap, in flight before, expected
            (3, 100, 5, 0, 3), (9, 100, 5, 0, 5), (9, 100, 5, 2, 3), (9, 100, 5, 5, 0), (9, 2, 5, 0, 2),
            (9, 0, 5, 0, 0),
            (0, 100, 5, 0, 0), (1, 100, 1, 0, 1), (1, 100, 1, 1, 0),
        ]
    )
    func bounds(quota: Int, limit: Int, cap: Int, before: Int, expected: Int) async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp", delivery: #"{"max_in_flight": \#(cap)}"#)
        try await bench.accept(20, for: "rp")
        #expect(try await bench.claim(lane, quota: before).count == before)
        #expect(try await bench.claim(lane, quota: quota, limit: limit).count == expected)
    }

    @Test(
        "the cap is the client's, else the issuer's, else the product's",
        arguments: [
            (#"{"max_in_flight": 2}"#, #"{"max_in_flight": 3}"#, 2), ("{}", #"{"max_in_flight": 3}"#, 3),
            ("{}", "{}", 4),
        ]
    )
    func caps(client: String, issuer: String, expected: Int) async throws {
        let bench = try await Workbench()
        try await Workbench.putIssuer("acme", in: bench.store, delivery: issuer)
        let lane = try await bench.putClient("rp", delivery: client)
        try await bench.accept(10, for: "rp")
        let defaults = ClaimDefaults(
            leaseSeconds: 10,
            marginSeconds: 3,
            maxInFlight: 4,
            attemptTimeoutSeconds: 5
        )
        let lanes = [LaneClaim(client: lane, lowWater: .beginning, quota: 100)]
        let batch = try await bench.store.claim(lanes, limit: 100, worker: bench.worker, defaults: defaults)
        #expect(batch.deliveries.count == expected)
        #expect(batch.lanes[lane]?.hasMore == true)
    }

    /// With a window of only the first cap rows, 26 ran where the cap was 16.
    @Test("rows that commit late, but are due earlier, do not push running ones out of the window")
    func lateCommits() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp", delivery: #"{"max_in_flight": 4}"#)
        try await bench.accept(4, for: "rp")
        #expect(try await bench.claim(lane).count == 4)
        try await bench.accept(4, for: "rp")
        try bench.run(
            "update lastcall.delivery_queue set due_at = due_at - interval '1 h' where lease_until = '-infinity'"
        )
        #expect(try await bench.claim(lane).isEmpty)
    }

    @Test(
        "nothing is claimed from a lane that may not be sent to",
        arguments: [
            "update lastcall.clients set held_at = now()",
            "update lastcall.clients set deleted_at = now()",
            "update lastcall.clients set breaker_open_until = now() + interval '1 min'",
            "update lastcall.delivery_queue set due_at = now() + interval '1 min'",
            "update lastcall.delivery_queue set closing = 'cancelled_by_operator'",
        ]
    )
    func closedLanes(change: String) async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try await bench.accept(3, for: "rp")
        try bench.run(change)
        #expect(try await bench.claim(lane).isEmpty)
    }

    @Test("a low-water mark hides what was due before it; a look through the queue finds its lane")
    func lowWater() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try await bench.accept(1, for: "rp")
        let due = try bench.rows("select due_at from lastcall.delivery_queue")
        let head = Timestamp(microseconds: try #require(try due.first?.timestamp(0)))
        #expect(try await bench.claim(lane, lowWater: head.advanced(by: .microseconds(1))).isEmpty)
        let found = try await bench.store.lanesDue(after: .min, limit: 10)
        #expect(found.map(\.lane) == [lane])
        #expect(found.map(\.heads) == [LaneHeads(interactive: head)])
        #expect(try await bench.claim(lane, lowWater: head).count == 1)
    }

    @Test("a look through the queue pages over due lanes, and others in between end no page")
    func lanesDue() async throws {
        let bench = try await Workbench()
        var lanes: [Int32] = []
        for index in 0..<7 {
            lanes.append(try await bench.putClient("rp\(index)"))
            try await bench.accept(3, for: "rp\(index)")
        }
        let later = [lanes[0], lanes[1], lanes[2], lanes[5]]
        for lane in later {
            try bench.run(
                "update lastcall.delivery_queue set due_at = now() + interval '1 h' where client_key = \(lane)"
            )
        }
        let first = try await bench.store.lanesDue(after: .min, limit: 2)
        #expect(first.map(\.lane) == [lanes[3], lanes[4]])
        #expect(try await bench.store.lanesDue(after: lanes[4], limit: 2).map(\.lane) == [lanes[6]])
        #expect(try await bench.store.lanesDue(after: lanes[6], limit: 2).isEmpty)
    }

    @Test("an expired lease is claimed again, and the attempt that was lost is recorded as unknown, once")
    func reclaims() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try await bench.accept(1, for: "rp")
        let lost = try #require(try await bench.claim(lane).first)
        #expect(try await bench.claim(lane).isEmpty)
        try bench.expireLeases()
        let second = try await bench.store.registerWorker(named: "second")
        let claimed = try #require(try await bench.claim(lane, worker: second).first)
        #expect(claimed.lease.delivery == lost.lease.delivery)
        #expect(claimed.lease.number > lost.lease.number)
        #expect(claimed.attempt == 2)
        #expect(claimed.hadUnknownOutcome)
        #expect(try await bench.claim(lane, worker: second).isEmpty)
        try await bench.settle(claimed, .retry(after: .zero, isExcused: false), .timeout, worker: second)
        let third = try #require(try await bench.claim(lane, worker: second).first)
        #expect(third.attempt == 3)
        #expect(third.hadUnknownOutcome)
        let found = try #require(try await bench.store.delivery(lost.lease.delivery, of: bench.issuer))
        #expect(
            found.attempts.map { "\($0.number) \($0.outcome) \($0.worker ?? "")" } == [
                "1 unknown first", "2 timeout second",
            ]
        )
        #expect(
            try bench.audit() == ["logout.accepted info"]
                + Array(repeating: "logout.back_channel.attempted info", count: 2)
        )
    }

    @Test(
        "a lease outlasts the attempt it is for by the margin",
        arguments: [
            ("{}", 10), (#"{"attempt_timeout_seconds": 7}"#, 10),
            (#"{"attempt_timeout_seconds": 30.5}"#, 33.5),
        ]
    )
    func leaseLength(delivery: String, seconds: Double) async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp", delivery: delivery)
        try await bench.accept(1, for: "rp")
        let claimed = try #require(try await bench.claim(lane).first)
        #expect(claimed.lease.length == .seconds(seconds))
        let length =
            "select extract(epoch from lease_until - leased_at)::float8 - \(seconds) between -0.01 and 0.01 from lastcall.delivery_queue"
        #expect(try bench.texts(length) == ["true"])
        #expect(claimed.timeLeft > .seconds(3_500) && claimed.timeLeft <= .seconds(3_600))
    }

    @Test("a snapshot that somebody holds changes no result")
    func heldSnapshot() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        let holder = try Workbench.connect()
        try holder.execute(
            script: "begin isolation level repeatable read; select from lastcall.delivery_queue"
        )
        for _ in 0..<3 {
            try await bench.accept(20, for: "rp")
            let claimed = try await bench.claim(lane)
            #expect(claimed.count == 20)
            let batch = claimed.map { $0.settled(.delivered([]), .delivered, status: 200) }
            let settled = try await bench.store.settle(batch, worker: bench.worker, now: .now)
            #expect(settled.endedEvents.count == 1)
        }
        #expect(try await bench.claim(lane).isEmpty)
        try holder.execute(script: "rollback")
    }

    /// The statement's snapshot is older than the lock: what it sees as free may have been tried in between.
    @Test("a delivery that was tried while a claim was under way keeps the wait that it was given")
    func staleSnapshot() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try await bench.accept(1, for: "rp")
        try bench.run("select pg_advisory_lock(1)")
        let stopped = PostgresStatement(
            name: "claim",
            text: SQLText.claim.text.replacing(
                "select set_config('synchronous_commit', 'off', true) as off",
                with: "select pg_advisory_xact_lock(1)::text as off"
            )
        )
        let (pool, worker) = (bench.pool, bench.worker)
        async let late = pool.withConnection(deadline: Workbench.patience) { connection in
            try connection.query(
                stopped,
                .int4(worker),
                .int4Array([lane]),
                .timestampArray([.min]),
                .timestampArray([.min]),
                .int4Array([10]),
                .int4(10),
                .float8(10),
                .float8(3),
                .int4(16),
                .float8(5)
            ).count
        }
        try await bench.awaitBlocked(1)
        let claimed = try #require(try await bench.claim(lane).first)
        try await bench.settle(claimed, .retry(after: .seconds(60), isExcused: false), .serverError)
        try bench.run("select pg_advisory_unlock(1)")
        #expect(try await late == 0)
        #expect(try bench.texts("select attempt_count from lastcall.delivery_queue") == ["1"])
    }

    @Test("a lease that is given back is free at once, and its attempt is not counted")
    func releases() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try await bench.accept(2, for: "rp")
        let claimed = try await bench.claim(lane)
        try await bench.store.release([claimed[0].lease], worker: bench.worker)
        try await bench.store.release([claimed[0].lease], worker: bench.worker)
        let again = try await bench.claim(lane)
        #expect(again.map(\.lease.delivery) == [claimed[0].lease.delivery])
        #expect(again.map(\.attempt) == [1])
        #expect(again.allSatisfy { $0.lease.number > claimed[0].lease.number })
        #expect(again.map(\.hadUnknownOutcome) == [false])
        // A lease of old gives nothing back.
        try await bench.store.release([claimed[0].lease], worker: bench.worker)
        #expect(try await bench.claim(lane).isEmpty)
        #expect(try bench.number("select count(*) from lastcall.attempts") == 0)
    }

    @Test("a lane whose deliveries are all in flight uses up nothing of the limit that others share")
    func busyLane() async throws {
        let bench = try await Workbench()
        let lanes = [try await bench.putClient("busy"), try await bench.putClient("rp")]
        try await bench.accept(3, for: "busy")
        try await bench.accept(3, for: "rp")
        #expect(try await bench.claim(lanes[0]).count == 3)
        let claims = lanes.map { LaneClaim(client: $0, lowWater: .beginning, quota: 5) }
        let batch = try await bench.store.claim(claims, limit: 3, worker: bench.worker, defaults: .usual)
        #expect(batch.deliveries.map(\.clientKey) == [lanes[1], lanes[1], lanes[1]])
    }

    @Test("lanes of two issuers are claimed at once, each with its versions")
    func severalLanes() async throws {
        let bench = try await Workbench()
        let other = try await Workbench.putIssuer("other", in: bench.store)
        let lanes = [try await bench.putClient("rp"), try await bench.putClient("rp", of: other)]
        try await bench.putClient("rp", of: other)
        try await bench.accept(2, for: "rp")
        _ = try await bench.store.accept(
            [LogoutEventRequest(issuerKey: other, scope: .targets([.sid("rp", "s")]), actor: "test")],
            usualDeliverWithin: 60
        )
        let claims = lanes.map { LaneClaim(client: $0, lowWater: .beginning, quota: 1) }
        let batch = try await bench.store.claim(claims, limit: 10, worker: bench.worker, defaults: .usual)
        #expect(Set(batch.deliveries.map(\.clientKey)) == Set(lanes))
        #expect(batch.deliveries.count == 2)
        #expect(batch.lanes[lanes[0]]?.hasMore == true)
        #expect(batch.lanes[lanes[1]]?.hasMore == false)
        let versions = batch.deliveries.sorted { $0.clientKey < $1.clientKey }.map(\.clientVersion)
        #expect(versions == [1, 2])
    }
}
