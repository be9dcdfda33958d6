import LastcallTestKit
import LogoutModel
import Outbox
import Testing

/// A small world: two users, three browsers, four sessions, RPs with pairwise subjects and one without a URI.
///
/// | session | user  | browser | RP: sub/sid                               |
/// |---------|-------|---------|-------------------------------------------|
/// | s1      | alice | b1      | mail: alice/m1 · shop: pw-a/sh1 · bare: alice/x1 |
/// | s2      | alice | b2      | mail: alice/m2                            |
/// | s3      | bob   | b1      | mail: bob/m3 · shop: pw-b/sh3             |
/// | s4      | bob   | b3      | mail: bob/m4 and bob/m4b                  |
extension Workbench {
    func populate() async throws {
        for client in ["mail", "shop"] { try await putClient(client) }
        try await putClient("bare", uri: nil)
        for line in [
            "s1 mail alice m1 - b1", "s1 shop pw-a sh1 alice b1", "s1 bare alice x1 - b1",
            "s2 mail alice m2 - b2",
            "s3 mail bob m3 - b1", "s3 shop pw-b sh3 bob b1", "s4 mail bob m4 - b3", "s4 mail bob m4b - b3",
        ] {
            try record(line)
        }
    }

    /// Records `session client sub sid user browser`; `-` is none.
    func record(
        _ line: String,
        expires: String = "null",
        created: String = "clock_timestamp() - interval '1 hour'"
    ) throws {
        let words = line.split(separator: " ").map { $0 == "-" ? "null" : "'\($0)'" }
        try run(
            """
            insert into lastcall.participations
                (issuer_key, client_key, session_id, sub, sid, user_id, user_agent_id, expires_at, check_at, created_at)
            select \(issuer), client_key, \(words[0]), \(words[2]), \(words[3]), \(words[4]), \(words[5]), \(expires), \(expires), \(created)
            from lastcall.clients where issuer_key = \(issuer) and client_id = \(words[1])
            """
        )
    }

    /// Open participations as `session client sid`.
    func participations() throws -> [String] {
        try texts(
            """
            select p.session_id || ' ' || c.client_id || ' ' || coalesce(p.sid, '-')
            from lastcall.participations p join lastcall.clients c using (client_key) order by 1
            """
        )
    }

    func filter(_ members: [String: String]) -> ParticipationFilter {
        var filter = ParticipationFilter()
        filter.sessionID = members["session_id"]
        filter.sid = members["sid"]
        filter.sub = members["sub"]
        filter.userID = members["user_id"]
        filter.userAgentID = members["user_agent_id"]
        filter.clientID = members["client_id"]
        return filter
    }

    func request(where members: [String: String]) -> LogoutEventRequest {
        LogoutEventRequest(issuerKey: issuer, scope: .filter(filter(members)), actor: "test")
    }
}

/// One filter on the small world and what it comes to.
struct ScopeCase: Sendable, CustomTestStringConvertible {
    let filter: [String: String]
    /// The deliveries, as `client sub sid`, sorted.
    let told: [String]
    let status: LogoutEventStatus

    init(_ filter: [String: String], _ told: [String], _ status: LogoutEventStatus = .inProgress) {
        self.filter = filter
        self.told = told
        self.status = status
    }

    var testDescription: String { "\(filter)" }
}

@Suite("Scopes", .lastcallDatabase, .timeLimit(.minutes(30)))
struct ScopeTests {
    static let cases: [ScopeCase] = [
        ScopeCase(["session_id": "s1"], ["bare alice x1", "mail alice m1", "shop pw-a sh1"]),
        ScopeCase(["session_id": "s4"], ["mail bob m4", "mail bob m4b"]),
        ScopeCase(["sub": "alice"], ["bare alice x1", "mail alice m1", "mail alice m2"]),
        ScopeCase(
            ["user_id": "alice"],
            ["bare alice x1", "mail alice m1", "mail alice m2", "shop pw-a sh1"]
        ),
        ScopeCase(["sub": "pw-a"], ["shop pw-a sh1"]),
        ScopeCase(["user_id": "pw-a"], [], .noTargets),
        ScopeCase(
            ["user_agent_id": "b1"],
            ["bare alice x1", "mail alice m1", "mail bob m3", "shop pw-a sh1", "shop pw-b sh3"]
        ),
        ScopeCase(["user_agent_id": "b1", "sub": "bob"], ["mail bob m3"]),
        ScopeCase(["user_agent_id": "b1", "user_id": "bob"], ["mail bob m3", "shop pw-b sh3"]),
        ScopeCase(["client_id": "shop"], ["shop pw-a sh1", "shop pw-b sh3"]),
        ScopeCase(["client_id": "mail", "user_id": "bob"], ["mail bob m3", "mail bob m4", "mail bob m4b"]),
        ScopeCase(["client_id": "mail", "session_id": "s1"], ["mail alice m1"]),
        ScopeCase(["sid": "m4b"], ["mail bob m4b"]),
        ScopeCase(["sid": "m4b", "sub": "alice"], [], .noTargets),
        ScopeCase(["client_id": "bare"], ["bare alice x1"], .noTargets),
        ScopeCase(["client_id": "unknown"], [], .noTargets),
        ScopeCase(["session_id": "s9"], [], .noTargets),
        ScopeCase(["session_id": "S1"], [], .noTargets),
    ]

    @Test(
        "a filter tells each participation that it matches, ends these and leaves the others",
        arguments: cases
    )
    func matches(_ scope: ScopeCase) async throws {
        let bench = try await Workbench()
        try await bench.populate()
        let before = try bench.participations()
        let accepted = try #require(try await bench.accept(bench.request(where: scope.filter)).accepted)
        let told = accepted.deliveries.map { "\($0.clientID) \($0.sub ?? "-") \($0.sid ?? "-")" }
        #expect(told.sorted() == scope.told)
        #expect(accepted.event.matched == scope.told.count)
        #expect(accepted.event.status == scope.status)
        let ended = Set(scope.told.map { $0.split(separator: " ").last.map(String.init) ?? "" })
        #expect(
            try bench.participations()
                == before.filter { line in
                    !ended.contains(line.split(separator: " ").last.map(String.init) ?? "")
                }
        )
        let stored = try #require(try await bench.store.event(accepted.event.id, of: bench.issuer))
        #expect(stored.event.matched == scope.told.count)
        #expect(stored.deliveries.map(\.clientID) == accepted.deliveries.map(\.clientID))
        let silent = try bench.audit().filter { $0.hasPrefix("bcl.no_sessions_for_subject") }
        #expect(silent == (scope.told.isEmpty ? ["bcl.no_sessions_for_subject warning"] : []))
        // What has ended is not told again.
        let again = try #require(try await bench.accept(bench.request(where: scope.filter)).accepted)
        #expect(again.event.matched == 0)
        #expect(again.event.status == .noTargets)
    }

    @Test("nobody found is a warning where sessions are durable, a notice where they are volatile")
    func posture() async throws {
        let bench = try await Workbench()
        for (durability, line) in [
            (SessionDurability.durable, "bcl.no_sessions_for_subject warning"),
            (.volatile, "bcl.no_sessions_for_subject notice"),
        ] {
            var request = bench.request(where: ["sub": "nobody"])
            request.sessionDurability = durability
            try await bench.accept(request)
            #expect(try bench.audit().contains(line))
        }
    }

    @Test("the initiating client is left out when asked, and its participation ends")
    func excluded() async throws {
        let bench = try await Workbench()
        try await bench.populate()
        var request = bench.request(where: ["session_id": "s1"])
        request.initiatingClientID = "mail"
        request.excludesInitiatingClient = true
        let accepted = try #require(try await bench.accept(request).accepted)
        #expect(accepted.deliveries.map(\.clientID).sorted() == ["bare", "shop"])
        #expect(accepted.event.matched == 3)
        #expect(try bench.participations().contains { $0.hasPrefix("s1") } == false)
    }

    @Test("targets end the participations that they match: by sid, and by sub where there is no sid")
    func targetsEnd() async throws {
        let bench = try await Workbench()
        try await bench.populate()
        try await bench.accept([
            .sid("mail", "m1"), .sub("shop", "pw-b"), .sub("mail", "bob"), .sid("shop", "m2"),
        ])
        #expect(try bench.participations() == ["s1 bare x1", "s1 shop sh1", "s2 mail m2"])
    }

    @Test("one participation is told once, however many end it at the same time")
    func endsOnce() async throws {
        let bench = try await Workbench(connections: 8)
        try await bench.populate()
        let filters: [[String: String]] = [
            ["session_id": "s1"], ["user_id": "alice"], ["user_agent_id": "b1"], ["client_id": "mail"],
            ["sub": "alice"],
        ]
        let requests = (0..<60).map { bench.request(where: filters[$0 % filters.count]) }
        let store = bench.store
        try await withThrowingTaskGroup(of: Void.self) { group in
            for start in stride(from: 0, to: requests.count, by: 4) {
                group.addTask { _ = try await store.acceptAll(Array(requests[start..<start + 4])) }
            }
            try await group.waitForAll()
        }
        let told = try bench.texts(
            "select coalesce(sid, '-') from lastcall.delivery_view order by 1"
        )
        #expect(told == ["m1", "m2", "m3", "m4", "m4b", "sh1", "sh3", "x1"])
        #expect(try bench.number("select count(*) from lastcall.participations") == 0)
    }

    @Test("a refused request ends no participation")
    func nothingHalfDone() async throws {
        let bench = try await Workbench()
        try await bench.populate()
        try bench.refuseAudit()
        await #expect(throws: (any Error).self) {
            try await bench.accept(bench.request(where: ["session_id": "s1"]))
        }
        #expect(try bench.participations().count == 8)
        #expect(try bench.number("select count(*) from lastcall.delivery_queue") == 0)
    }

    @Test(
        "another issuer's participations are not found, whatever the filter",
        arguments: ["sub", "user_id", "session_id", "client_id"]
    )
    func tenants(member: String) async throws {
        let bench = try await Workbench()
        try await bench.populate()
        let other = try await Workbench.putIssuer("other", in: bench.store)
        let value =
            ["sub": "alice", "user_id": "alice", "session_id": "s1", "client_id": "mail"][member] ?? ""
        var request = bench.request(where: [member: value])
        request.issuerKey = other
        #expect(try await bench.accept(request).accepted?.event.status == .noTargets)
        #expect(try bench.participations().count == 8)
    }

    @Test("of one commit's events the first that names a participation ends it, as target or by a filter")
    func firstOfABatch() async throws {
        let bench = try await Workbench()
        try await bench.populate()
        let answers = try await bench.store.accept(
            [
                bench.request([.sid("mail", "m1")]), bench.request(where: ["session_id": "s1"]),
                bench.request(where: ["user_id": "alice"]),
            ],
            usualDeliverWithin: 60
        )
        #expect(answers.map { $0?.accepted?.event.matched } == [1, 2, 1])
        #expect(try bench.participations().allSatisfy { !$0.hasPrefix("s1") && !$0.hasPrefix("s2") })
    }
}
