import AuditTrail
import LastcallTestKit
import LogoutModel
import Outbox
import Testing

@Suite("Ending without another attempt", .lastcallDatabase, .timeLimit(.minutes(30)))
struct EndOverdueTests {
    static let past = "update lastcall.delivery_queue set deliver_before = now() - interval '1 s'"

    @Test("a pending and a held delivery past their deadline expire, others stay")
    func deadline() async throws {
        let bench = try await Workbench()
        for client in ["rp", "held", "later"] {
            try await bench.putClient(client)
            try await bench.accept(1, for: client)
        }
        try bench.run("update lastcall.clients set held_at = now() where client_id = 'held'")
        try bench.run(
            Self.past
                + " where client_key in (select client_key from lastcall.clients where client_id <> 'later')"
        )
        #expect(try await bench.store.endOverdue(worker: bench.worker) == 2)
        #expect(try await bench.store.endOverdue(worker: bench.worker) == 0)
        #expect(
            try bench.texts(
                "select concat_ws(' ', client_id, status, reason, attempt_count) from lastcall.deliveries order by client_id"
            ) == ["held expired deadline_passed 0", "rp expired deadline_passed 0"]
        )
        #expect(
            try bench.texts("select status from lastcall.logout_events order by event_id") == [
                "failed", "failed", "in_progress",
            ]
        )
        let expired = try bench.audit().filter { $0 == "logout.back_channel.expired error" }
        #expect(expired.count == 2)
    }

    @Test("an attempt in flight is left alone past its deadline; once its lease expires the delivery ends")
    func inFlight() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try await bench.accept(1, for: "rp")
        let claimed = try #require(try await bench.claim(lane).first)
        try bench.run(Self.past)
        #expect(try await bench.store.endOverdue(worker: bench.worker) == 0)
        try bench.expireLeases()
        #expect(try await bench.store.endOverdue(worker: nil) == 1)
        #expect(
            try bench.texts("select concat_ws(' ', status, reason, attempt_count) from lastcall.deliveries")
                == ["expired deadline_passed 1"]
        )
        #expect(
            try bench.texts("select concat_ws(' ', number, outcome) from lastcall.attempts") == ["1 unknown"]
        )
        let late = try await bench.settle(claimed, .delivered([]), .delivered, status: 204)
        #expect(late.fenced == [claimed.lease.delivery])
        #expect(try bench.texts("select late_http_status from lastcall.attempts") == ["204"])
        #expect(try bench.texts("select status from lastcall.deliveries") == ["expired"])
    }

    @Test("what is left of a deleted client ends in portions")
    func portions() async throws {
        let bench = try await Workbench()
        try await bench.putClient("rp")
        try await bench.accept(25, for: "rp")
        try bench.run("update lastcall.clients set deleted_at = now()")
        for expected in [10, 10, 5, 0] {
            #expect(try await bench.store.endOverdue(worker: bench.worker, limit: 10) == expected)
        }
        #expect(try bench.texts("select distinct reason from lastcall.deliveries") == ["client_not_found"])
        #expect(
            try bench.texts("select concat(status, failed, open_count) from lastcall.logout_events") == [
                "failed250"
            ]
        )
    }

    @Test("many processes that sweep at once end each delivery once")
    func concurrent() async throws {
        let bench = try await Workbench(connections: 8)
        try await bench.putClient("rp")
        for _ in 0..<5 { try await bench.accept(40, for: "rp") }
        try bench.run(Self.past)
        let (store, worker, issuer) = (bench.store, bench.worker, bench.issuer)
        var open = DeliveryFilter()
        open.statuses = ["pending", "retrying", "delivering"]
        let ended = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask { [open] in
                    var ended = 0
                    try await eventually("an empty queue") {
                        ended += try await store.endOverdue(worker: worker, limit: 17)
                        return try await store.deliveries(open, in: IDWindow(limit: 1), of: issuer).isEmpty
                    }
                    return ended
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(ended == 200)
        #expect(
            try bench.texts("select distinct concat(status, expired, open_count) from lastcall.logout_events")
                == ["failed400"]
        )
        #expect(
            try bench.number("select count(*) from lastcall.audit_events where type = 'logout.ended'") == 5
        )
    }

    @Test("a deletion holds even where ending what waits for the client fails")
    func deletionHolds() async throws {
        let bench = try await Workbench()
        try await bench.putClient("rp")
        try await bench.accept(1, for: "rp")
        try bench.run(
            """
            create function refuse() returns trigger language plpgsql as $$ begin raise exception 'refused'; end $$;
            create trigger refuse before insert on lastcall.deliveries for each row execute function refuse()
            """
        )
        try await bench.deleteClient("rp")
        #expect(try await bench.store.client("rp", of: bench.issuer) == nil)
        try bench.run("drop trigger refuse on lastcall.deliveries")
        #expect(try await bench.store.endOverdue(worker: bench.worker) == 1)
    }

    @Test(
        "what is queued for an issuer that is gone does not stay for ever, nor is it worked on again and again"
    )
    func orphans() async throws {
        let bench = try await Workbench()
        try await bench.putClient("rp")
        try await bench.accept(2, for: "rp")
        // As an acceptance leaves it that commits after the issuer's deletion.
        try bench.run("delete from lastcall.issuers")
        #expect(try bench.number("select count(*) from lastcall.delivery_queue") == 2)
        try bench.run(Self.past)
        _ = try await bench.store.endOverdue(worker: bench.worker)
        #expect(try bench.number("select count(*) from lastcall.delivery_queue") == 0)
    }

    @Test(
        "an issuer with open deliveries is deleted only by force, and an attempt in flight then writes nothing"
    )
    func issuerDeleted() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try await bench.accept(2, for: "rp")
        let claimed = try #require(try await bench.claim(lane, quota: 1).first)
        let note = AuditNote(.issuerChanged, actor: "test")
        await #expect(throws: OutboxError.stillInUse) {
            try await bench.store.deleteIssuer(named: "acme", force: false, note: note)
        }
        try await bench.store.deleteIssuer(named: "acme", force: true, note: note)
        let late = try await bench.settle(claimed, .delivered([]), .delivered, status: 200)
        #expect(late.fenced == [claimed.lease.delivery])
        for table in ["delivery_queue", "deliveries", "attempts", "clients"] {
            #expect(try bench.number("select count(*) from lastcall.\(table)") == 0)
        }
        #expect(try await bench.accept(bench.request([.sub("rp", "u")])).word == "noIssuer")
    }
}
