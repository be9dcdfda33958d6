import LastcallTestKit
import LogoutModel
import Outbox
import Testing

@Suite("Deliveries that a newer session supersedes", .lastcallDatabase, .timeLimit(.minutes(30)))
struct SupersededTests {
    /// Records that a user is logged in at a client, since a time given as SQL.
    private func logIn(
        _ sub: String,
        at clientID: String = "rp",
        since time: String = "clock_timestamp()",
        _ bench: Workbench
    ) throws {
        try bench.run(
            """
            insert into lastcall.participations (issuer_key, client_key, session_id, sid, sub, created_at)
            select issuer_key, client_key, gen_random_uuid(), null, '\(sub)', \(time)
            from lastcall.clients where client_id = '\(clientID)'
            """
        )
    }

    private func ends(_ bench: Workbench) throws -> [String] {
        try bench.texts(
            "select concat_ws(' ', sub, status, reason, attempt_count) from lastcall.deliveries order by sub"
        )
    }

    @Test("it ends before its first attempt, is audited, and ends its event")
    func firstAttempt() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        _ = try await bench.accept([.sub("rp", "alice")])
        try logIn("alice", bench)
        #expect(try await bench.claim(lane).isEmpty)
        #expect(
            try bench.texts("select concat_ws(' ', closing, lease_number) from lastcall.delivery_queue") == [
                "superseded_by_new_session 0"
            ]
        )
        #expect(try await bench.claim(lane).isEmpty)
        #expect(try await bench.store.endOverdue(worker: bench.worker) == 1)
        #expect(try ends(bench) == ["alice expired superseded_by_new_session 0"])
        #expect(
            try bench.audit() == [
                "logout.accepted info", "logout.back_channel.expired error", "logout.ended info",
            ]
        )
        let data =
            "select data ->> 'reason' from lastcall.audit_events where type = 'logout.back_channel.expired'"
        #expect(try bench.texts(data) == ["superseded_by_new_session"])
        #expect(try bench.texts("select status from lastcall.logout_events") == ["failed"])
    }

    @Test(
        "it ends before a retry, whose worker may have been lost, and keeps the attempts that were made",
        arguments: [true, false]
    )
    func retry(isLost: Bool) async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        _ = try await bench.accept([.sub("rp", "alice")])
        let claimed = try #require(try await bench.claim(lane).first)
        if isLost {
            try bench.expireLeases()
        } else {
            try await bench.settle(claimed, .retry(after: .zero, isExcused: false), .timeout)
        }
        try logIn("alice", bench)
        #expect(try await bench.claim(lane).isEmpty)
        #expect(try await bench.store.endOverdue(worker: bench.worker) == 1)
        #expect(try ends(bench) == ["alice expired superseded_by_new_session 1"])
        #expect(try bench.texts("select outcome from lastcall.attempts") == [isLost ? "unknown" : "timeout"])
    }

    @Test("it ends once its client is released")
    func afterHold() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        _ = try await bench.accept([.sub("rp", "alice")])
        try bench.run("update lastcall.clients set held_at = now()")
        try logIn("alice", bench)
        #expect(try await bench.claim(lane).isEmpty)
        #expect(try await bench.store.endOverdue(worker: bench.worker) == 0)
        try bench.run("update lastcall.clients set held_at = null")
        #expect(try await bench.claim(lane).isEmpty)
        #expect(try await bench.store.endOverdue(worker: bench.worker) == 1)
        #expect(try ends(bench) == ["alice expired superseded_by_new_session 0"])
    }

    @Test(
        "only a session of the same user at the same client, begun after the logout, counts",
        arguments: [
            ("alice", "rp", "clock_timestamp()", false), ("bob", "rp", "clock_timestamp()", true),
            ("alice", "other", "clock_timestamp()", true),
            ("alice", "rp", "clock_timestamp() - interval '1 h'", true),
            ("alice", "rp", "(select lastcall.uuid7_time(event_id) from lastcall.logout_events)", true),
            (
                "alice", "rp",
                "(select lastcall.uuid7_time(event_id) + interval '1 us' from lastcall.logout_events)",
                false
            ),
        ]
    )
    func which(sub: String, clientID: String, since: String, isClaimed: Bool) async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try await bench.putClient("other")
        _ = try await bench.accept([.sub("rp", "alice")])
        try logIn(sub, at: clientID, since: since, bench)
        #expect(try await bench.claim(lane).count == (isClaimed ? 1 : 0))
    }

    @Test("another issuer's session of the same name does not count")
    func otherIssuer() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        let other = try await Workbench.putIssuer("other", in: bench.store)
        try await bench.putClient("theirs", of: other)
        _ = try await bench.accept([.sub("rp", "alice")])
        try logIn("alice", at: "theirs", bench)
        #expect(try await bench.claim(lane).count == 1)
    }

    @Test("a delivery that names its session is told to the RP whatever came after it")
    func withSid() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        _ = try await bench.accept([LogoutTarget(clientID: "rp", sub: "alice", sid: "s"), .sid("rp", "t")])
        try logIn("alice", bench)
        #expect(try await bench.claim(lane).count == 2)
    }

    @Test("an attempt that is in flight when the user logs in again finishes as usual")
    func inFlight() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        _ = try await bench.accept([.sub("rp", "alice")])
        let claimed = try #require(try await bench.claim(lane).first)
        try logIn("alice", bench)
        #expect(try await bench.claim(lane).isEmpty)
        #expect(try await bench.store.endOverdue(worker: bench.worker) == 0)
        try await bench.settle(claimed, .delivered([]), .delivered, status: 200)
        #expect(try ends(bench) == ["alice delivered 1"])
    }

    @Test("superseded deliveries take nothing of quota, limit and cap, however many are in front")
    func quota() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp", delivery: #"{"max_in_flight": 2}"#)
        let targets = (10..<60).map { LogoutTarget.sub("rp", "u\($0)") }
        _ = try await bench.accept(targets + [.sub("rp", "v1"), .sub("rp", "v2"), .sub("rp", "v3")])
        for number in 10..<60 { try logIn("u\(number)", bench) }
        let lanes = [LaneClaim(client: lane, lowWater: .beginning, quota: 2)]
        var rounds = 0
        var claimed: [String?] = []
        while true {
            let batch = try await bench.store.claim(lanes, limit: 2, worker: bench.worker, defaults: .usual)
            claimed += batch.deliveries.map(\.sub)
            rounds += 1
            // The lane says that it has more even where everything that was looked at was superseded.
            guard batch.lanes[lane]?.hasMore == true else { break }
        }
        #expect(claimed.count == 2 && claimed.allSatisfy { $0?.hasPrefix("v") == true })
        #expect(rounds <= 50 / 2 + 1)
        #expect(try await bench.store.endOverdue(worker: bench.worker) == 50)
        #expect(try ends(bench).count == 50)
    }

    @Test("of many workers that meet them at once each delivery is ended once")
    func concurrent() async throws {
        let bench = try await Workbench(connections: 8)
        let lane = try await bench.putClient("rp")
        _ = try await bench.accept((10..<60).map { .sub("rp", "u\($0)") })
        for number in 10..<60 { try logIn("u\(number)", bench) }
        let (store, worker, issuer) = (bench.store, bench.worker, bench.issuer)
        var pending = DeliveryFilter()
        pending.statuses = ["pending"]
        let ended = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<6 {
                group.addTask { [pending] in
                    let lanes = [LaneClaim(client: lane, lowWater: .beginning, quota: 5)]
                    var ended = 0
                    try await eventually("an empty queue") {
                        let batch = try await store.claim(lanes, limit: 5, worker: worker, defaults: .usual)
                        #expect(batch.deliveries.isEmpty)
                        ended += try await store.endOverdue(worker: worker, limit: 7)
                        return try await store.deliveries(pending, in: IDWindow(limit: 1), of: issuer).isEmpty
                    }
                    return ended
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(ended == 50)
        #expect(
            try bench.texts("select concat(status, expired, open_count) from lastcall.logout_events") == [
                "failed500"
            ]
        )
    }
}
