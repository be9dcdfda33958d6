import AuditTrail
import FoundationEssentials
import LastcallTestKit
import LogoutModel
import Outbox
import PostgresClient
import Testing

@Suite("Accepting", .lastcallDatabase, .timeLimit(.minutes(30)))
struct AcceptTests {
    /// `plain` and `held` are sent to, `bare` has no URI, `strict` needs a `sid`; nobody else is known.
    static func bench() async throws -> Workbench {
        let bench = try await Workbench()
        try await bench.putClient("plain")
        try await bench.putClient("held")
        try bench.run("update lastcall.clients set held_at = now() where client_id = 'held'")
        try await bench.putClient("bare", uri: nil)
        try await bench.putClient("strict", needsSession: true)
        return bench
    }

    @Test("each target comes to what its client allows, and none takes another with it")
    func targets() async throws {
        let bench = try await Self.bench()
        var request = bench.request([
            .sid("plain", "s"), .sub("unknown", "u"), .sub("bare", "u"), .sub("strict", "u"),
            .sid("strict", "s"),
            .sid("held", "s"), .sid("excluded", "s"),
        ])
        request.initiatingClientID = "excluded"
        request.excludesInitiatingClient = true
        let accepted = try #require(try await bench.accept(request).accepted)
        let expected = [
            "1 pending nil", "2 failed client_not_found", "3 not_covered no_backchannel_logout_uri",
            "4 failed session_required_no_sid", "5 pending nil", "6 held nil",
        ]
        func words(_ deliveries: [DeliveryRecord]) -> [String] {
            deliveries.map { "\($0.id.ordinal) \($0.status) \($0.reason ?? "nil")" }
        }
        #expect(words(accepted.deliveries) == expected)
        let stored = try #require(try await bench.store.event(accepted.event.id, of: bench.issuer))
        #expect(words(stored.deliveries) == expected)
        for event in [accepted.event, stored.event] {
            #expect(event.status == .inProgress)
            #expect(event.endedAt == nil)
            #expect(event.matched == 7)
            #expect(
                event.deliveryCounts.map { "\($0.status) \($0.count)" } == [
                    "pending 2", "held 1", "failed 2", "not_covered 1",
                ]
            )
        }
        #expect(accepted.event.deliverBefore == stored.event.deliverBefore)
        for (shown, kept) in zip(accepted.deliveries, stored.deliveries) {
            #expect(shown.deliverBefore == kept.deliverBefore)
            #expect((shown.endedAt == nil) == (kept.endedAt == nil))
            #expect((shown.nextAttemptAt == nil) == (kept.nextAttemptAt == nil))
        }
        #expect(
            try bench.audit() == [
                "logout.accepted info", "logout.back_channel.failed error", "bcl.client_not_covered warning",
                "logout.back_channel.failed error",
            ]
        )
    }

    @Test(
        "an event of which nothing is open ends as it is accepted",
        arguments: [
            ([], false, LogoutEventStatus.noTargets), ([LogoutTarget.sub("bare", "u")], false, .noTargets),
            ([.sub("bare", "u"), .sub("bare", "v")], false, .noTargets),
            ([.sub("unknown", "u")], false, .failed),
            ([.sub("unknown", "u"), .sub("bare", "u")], false, .failed),
            ([.sub("plain", "u")], true, .completed),
            ([.sub("plain", "u"), .sub("bare", "u")], true, .completed),
            ([.sub("plain", "u"), .sub("unknown", "u")], true, .failed),
        ]
    )
    func endsAtOnce(targets: [LogoutTarget], excludes: Bool, status: LogoutEventStatus) async throws {
        let bench = try await Self.bench()
        var request = bench.request(targets)
        if excludes { (request.initiatingClientID, request.excludesInitiatingClient) = ("plain", true) }
        let accepted = try #require(try await bench.accept(request).accepted)
        #expect(accepted.event.status == status)
        #expect(accepted.event.endedAt != nil)
        #expect(accepted.lanes.isEmpty)
        let stored = try #require(try await bench.store.event(accepted.event.id, of: bench.issuer)).event
        #expect(stored.status == status)
        #expect(stored.endedAt == accepted.event.endedAt)
        #expect(try bench.audit().first == "logout.accepted info")
        #expect(try bench.audit().last == "logout.ended info")
        #expect(try bench.audit().contains { $0.hasPrefix("bcl.no_sessions_for_subject") } == targets.isEmpty)
    }

    @Test("the initiating client is recorded, and left out only where that was asked for")
    func initiatingClient() async throws {
        let bench = try await Self.bench()
        var request = bench.request([.sub("plain", "u")])
        request.initiatingClientID = "plain"
        let accepted = try #require(try await bench.accept(request).accepted)
        #expect(accepted.event.initiatingClientID == "plain")
        #expect(accepted.deliveries.map(\.status) == ["pending"])
    }

    @Test(
        "finding nobody is a warning where sessions are durable; the request's word goes before the issuer's",
        arguments: [
            (SessionDurability.durable, SessionDurability?.none, "warning"), (.volatile, nil, "notice"),
            (.durable, .volatile, "notice"), (.volatile, .durable, "warning"),
        ]
    )
    func noSessions(issuer: SessionDurability, request: SessionDurability?, severity: String) async throws {
        let bench = try await Workbench()
        try await Workbench.putIssuer("acme", in: bench.store, durability: issuer)
        var asked = bench.request([])
        asked.sessionDurability = request
        let accepted = try #require(try await bench.accept(asked).accepted)
        #expect(accepted.event.sessionDurability == request ?? issuer)
        #expect(
            try bench.audit() == [
                "logout.accepted info", "bcl.no_sessions_for_subject \(severity)", "logout.ended info",
            ]
        )
        let durabilities =
            "select distinct session_durability from lastcall.audit_events where subject_id is not null"
        #expect(try bench.texts(durabilities) == [(request ?? issuer).rawValue])
    }

    @Test(
        "the deadline is the request's, else the client's, else the issuer's, else the product's",
        arguments: [
            (LogoutEventRequest.Deadline?.some(.within(seconds: 10)), 20, 30, 10, 10), (nil, 20, 30, 20, 30),
            (nil, nil, 30, 30, 30), (nil, nil, nil, 3_600, 3_600), (nil, 20, nil, 20, 3_600),
        ]
    )
    func deadlines(
        request: LogoutEventRequest.Deadline?,
        client: Int?,
        issuer: Int?,
        delivery: Int,
        event: Int
    ) async throws {
        let bench = try await Workbench()
        func policy(_ seconds: Int?) -> String {
            seconds.map { #"{"deliver_within_seconds": \#($0)}"# } ?? "{}"
        }
        try await Workbench.putIssuer("acme", in: bench.store, delivery: policy(issuer))
        try await bench.putClient("rp", delivery: policy(client))
        var asked = bench.request([.sub("rp", "u"), .sub("unknown", "u")])
        asked.deadline = request
        let accepted = try #require(try await bench.accept(asked).accepted)
        let created = try bench.rows(
            "select now() - clock_timestamp() < '0', xmin::text from lastcall.logout_events"
        )
        #expect(created.count == 1)
        // Both are measured from the transaction, so their distance is exact.
        #expect(
            accepted.deliveries[0].deliverBefore
                == accepted.event.deliverBefore.advanced(by: .seconds(delivery - event))
        )
        #expect(accepted.deliveries[1].deliverBefore == accepted.event.deliverBefore)
        let left = accepted.event.deliverBefore.microseconds - accepted.event.id.createdAt.microseconds
        #expect(abs(left - Int64(event) * 1_000_000) < 2_000_000)
    }

    @Test(
        "an instant is taken as it is, and refused when it is past or more than 30 days away",
        arguments: [(-1, false), (60, true), (30 * 86_400 - 60, true), (30 * 86_400 + 60, false)]
    )
    func instants(seconds: Int, isGood: Bool) async throws {
        let bench = try await Self.bench()
        let clock = try #require(try bench.rows("select now()").first?.timestamp(0))
        let before = Timestamp(microseconds: clock).advanced(by: .seconds(seconds))
        var request = bench.request([.sub("plain", "u")], key: "key")
        request.deadline = .before(before)
        let answer = try await bench.accept(request)
        #expect(answer.word == (isGood ? "fresh" : "badDeadline"))
        if let accepted = answer.accepted {
            #expect(accepted.event.deliverBefore == before)
            #expect(accepted.deliveries.map(\.deliverBefore) == [before])
            return
        }
        for table in ["logout_events", "delivery_queue", "idempotency_keys"] {
            #expect(try bench.number("select count(*) from lastcall.\(table)") == 0)
        }
        #expect(try bench.audit().isEmpty)
        // A refused call does not use up its key.
        request.deadline = nil
        #expect(try await bench.accept(request).word == "fresh")
    }

    @Test("a batch answers each request in its place, the refused ones too")
    func batch() async throws {
        let bench = try await Self.bench()
        var late = bench.request([.sub("plain", "late")])
        late.deadline = .before(Timestamp(microseconds: 0))
        var orphan = bench.request([.sub("plain", "orphan")])
        orphan.issuerKey = 99
        let requests = [
            bench.request([.sub("plain", "a"), .sub("plain", "b")], key: "one"), late, bench.request([]),
            orphan,
            bench.request([.sub("plain", "other")], key: "one", body: "other"),
            bench.request([.sub("plain", "a"), .sub("plain", "b")], key: "one"),
            bench.request([.sub("bare", "c")]),
        ]
        let answers = try await bench.store.acceptAll(requests)
        #expect(
            answers.map(\.word) == [
                "fresh", "badDeadline", "fresh", "noIssuer", "conflict", "replay", "fresh",
            ]
        )
        #expect(answers[0].accepted?.deliveries.map(\.sub) == ["a", "b"])
        #expect(answers[0].accepted?.lanes.count == 1)
        #expect(answers[2].accepted?.deliveries.isEmpty == true)
        #expect(answers[5].replayed == answers[0].accepted?.event.id)
        #expect(answers[6].accepted?.deliveries.map(\.clientID) == ["bare"])
        #expect(try bench.number("select count(*) from lastcall.logout_events") == 3)
    }

    @Test("every word of the request is kept")
    func keepsWords() async throws {
        let bench = try await Self.bench()
        var request = bench.request([LogoutTarget(clientID: "plain", sub: "é\u{301}\"\\{},", sid: "NULL")])
        request.initiator = .passwordChanged
        request.priority = .bulk
        request.trace = TraceContext(traceParent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        request.initiatingClientID = "some, \"other\" {client}"
        let accepted = try #require(try await bench.accept(request).accepted)
        let stored = try #require(try await bench.store.event(accepted.event.id, of: bench.issuer))
        for event in [accepted.event, stored.event] {
            #expect(event.initiator == .passwordChanged)
            #expect(event.priority == .bulk)
            #expect(event.traceID == "4bf92f3577b34da6a3ce929d0e0e4736")
            #expect(event.initiatingClientID == request.initiatingClientID)
        }
        let lane = try #require(accepted.lanes.first)
        let claimed = try #require(try await bench.claim(lane).first)
        #expect(claimed.sub.map { Array($0.utf8) } == Array("é\u{301}\"\\{},".utf8))
        #expect(claimed.sid == "NULL")
        #expect(stored.deliveries.first?.sid == "NULL")
    }

    @Test("ten thousand targets are one event, and an answer shows the first hundred deliveries")
    func tenThousand() async throws {
        let bench = try await Self.bench()
        let accepted = try await bench.accept(10_000, for: "plain")
        #expect(accepted.deliveries.count == 100)
        #expect(accepted.event.deliveryCounts.map { "\($0.status) \($0.count)" } == ["pending 10000"])
        #expect(try bench.number("select count(distinct delivery_id) from lastcall.delivery_queue") == 10_000)
        let last = try bench.rows(
            "select delivery_id from lastcall.delivery_queue order by delivery_id desc limit 1"
        )
        #expect(try last.first?.uuid(0) == accepted.event.id.delivery(10_000).uuid)
    }

    @Test("what cannot be audited is not accepted, and does not use up its key")
    func auditFails() async throws {
        let bench = try await Self.bench()
        try bench.refuseAudit()
        let request = bench.request([.sub("plain", "u"), .sub("unknown", "u")], key: "key")
        await #expect(throws: PostgresError.self) { try await bench.accept(request) }
        for table in ["logout_events", "delivery_queue", "deliveries", "idempotency_keys"] {
            #expect(try bench.number("select count(*) from lastcall.\(table)") == 0)
        }
        try bench.refuseAudit(false)
        #expect(try await bench.accept(request).word == "fresh")
    }

    @Test("issuers are apart: neither clients nor events nor deliveries of another are found")
    func issuersApart() async throws {
        let bench = try await Self.bench()
        let other = try await Workbench.putIssuer("other", in: bench.store)
        try await bench.putClient("theirs", of: other)
        let accepted = try await bench.accept([.sub("theirs", "u"), .sub("plain", "u")])
        #expect(accepted.deliveries.map(\.reason) == ["client_not_found", nil])
        let id = accepted.event.id
        #expect(try await bench.store.event(id, of: other) == nil)
        #expect(try await bench.store.delivery(id.delivery(1), of: other) == nil)
        #expect(try await bench.store.delivery(id.delivery(2), of: other) == nil)
        #expect(try await bench.store.events(EventFilter(), in: IDWindow(limit: 10), of: other).isEmpty)
        #expect(
            try await bench.store.deliveries(DeliveryFilter(), in: IDWindow(limit: 10), of: other).isEmpty
        )
        var filter = AuditFilter()
        filter.limit(to: id)
        #expect(try await bench.store.auditEvents(filter, in: IDWindow(limit: 10), of: other).isEmpty)
        #expect(
            try await bench.store.auditEvents(filter, in: IDWindow(limit: 10), of: bench.issuer).count == 2
        )
    }

    @Test("a client registered again under its name is a new lane")
    func registeredAgain() async throws {
        let bench = try await Self.bench()
        let old = try #require(try await bench.accept([.sub("plain", "u")]).lanes.first)
        try await bench.deleteClient("plain")
        #expect(try await bench.accept([.sub("plain", "u")]).deliveries.map(\.reason) == ["client_not_found"])
        let new = try await bench.putClient("plain")
        #expect(new != old)
        #expect(try await bench.accept([.sub("plain", "u")]).lanes == [new])
    }
}
