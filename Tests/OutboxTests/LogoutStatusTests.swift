import FoundationEssentials
import LastcallTestKit
import LogoutModel
import Outbox
import PostgresClient
import Testing

@Suite("Where somebody is still logged in", .lastcallDatabase, .timeLimit(.minutes(30)))
struct LogoutStatusTests {
    /// Lines as `client sub sid status reason`, with the deciding delivery's event by its place among those given.
    func lines(
        _ bench: Workbench,
        _ subject: LoginSubject,
        _ events: [LogoutEventID] = [],
        after place: LoginPlace? = nil,
        limit: Int = 100
    ) async throws -> [String] {
        let found = try await bench.store.logins(
            of: subject,
            after: place,
            limit: limit,
            issuer: bench.issuer
        )
        return found.lines.map { line in
            let event = line.delivery.flatMap { events.firstIndex(of: $0.event) }.map { "#\($0)" } ?? "-"
            return "\(line.clientID) \(line.sub ?? "-") \(line.sid ?? "-") "
                + "\(line.standing.delivery?.rawValue ?? "login") \(line.standing.reason ?? "-") \(event)"
        }
    }

    /// Records a login, as the sessions' part of the API does.
    func login(
        _ bench: Workbench,
        _ lane: Int32,
        session: String = "op-1",
        sub: String = "u",
        sid: String? = nil,
        user: String? = nil,
        since: String = "clock_timestamp()",
        until: String = "null"
    ) throws {
        func quoted(_ text: String?) -> String { text.map { "'\($0)'" } ?? "null" }
        try bench.run(
            """
            insert into lastcall.participations
                (issuer_key, client_key, session_id, sid, sub, user_id, created_at, expires_at)
            values (\(bench.issuer), \(lane), '\(session)', \(quoted(sid)), '\(sub)', \(quoted(user)), \(since), \(until))
            """
        )
    }

    /// Accepts an event with a filter; returns its id.
    func logOut(_ bench: Workbench, where filter: [String: String]) async throws -> LogoutEventID {
        try #require(try await bench.accept(bench.request(where: filter)).accepted).event.id
    }

    @Test("the newest logout decides for each client, subject and session")
    func newest() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try await bench.putClient("uncovered", uri: nil)
        let target = LogoutTarget(clientID: "rp", sub: "u", sid: "1")
        let first = try await bench.accept([target, .sub("uncovered", "u"), .sub("ghost", "u")]).event.id
        let claimed = try #require(try await bench.claim(lane).first)
        try await bench.settle(claimed, .delivered([]), .delivered, status: 200)
        let events = [first]
        #expect(
            try await lines(bench, .sub("u"), events) == [
                "ghost u - failed client_not_found #0", "rp u 1 delivered - #0",
                "uncovered u - not_covered no_backchannel_logout_uri #0",
            ]
        )
        let second = try await bench.accept([target, .sub("rp", "other")]).event.id
        #expect(try await lines(bench, .sub("u"), events + [second])[1] == "rp u 1 pending - #1")
        #expect(try await lines(bench, .sub("other"), events + [second]) == ["rp other - pending - #1"])
        #expect(try await lines(bench, .event(first), events)[1] == "rp u 1 delivered - #0")
        #expect(try await lines(bench, .event(second), events + [second]).count == 2)
        #expect(try await lines(bench, .sub("nobody")).isEmpty)
    }

    @Test("a login after the newest logout comes before it, one from before it does not")
    func loginAgain() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try login(bench, lane, session: "old", sid: "1")
        let event = try await bench.accept([LogoutTarget(clientID: "rp", sub: "u", sid: "1")]).event.id
        #expect(try bench.participations().isEmpty)
        #expect(try await lines(bench, .sub("u"), [event]) == ["rp u 1 pending - #0"])
        // Began before the logout, and was committed after it.
        try login(bench, lane, session: "slow", sid: "1", since: "now() - interval '1 hour'")
        #expect(try await lines(bench, .sub("u"), [event]) == ["rp u 1 pending - #0"])
        #expect(try await lines(bench, .event(event), [event]) == ["rp u 1 pending - #0"])
        try login(bench, lane, session: "new", sid: "1")
        #expect(try await lines(bench, .sub("u"), [event]) == ["rp u 1 login - -"])
        #expect(try await lines(bench, .event(event), [event]) == ["rp u 1 login - -"])
        let again = try await bench.accept([LogoutTarget(clientID: "rp", sub: "u", sid: "1")]).event.id
        #expect(try await lines(bench, .sub("u"), [event, again]) == ["rp u 1 pending - #1"])
    }

    @Test("no sid is a session of its own, and two spellings of a name are two subjects")
    func keys() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try login(bench, lane, session: "a")
        let event = try await bench.accept([.sub("rp", "u"), .sub("rp", "\u{E9}"), .sub("rp", "e\u{301}")])
            .event.id
        #expect(try bench.participations().isEmpty)
        try login(bench, lane, session: "b", sid: "1")
        #expect(try await lines(bench, .sub("u"), [event]) == ["rp u - pending - #0", "rp u 1 login - -"])
        #expect(try await lines(bench, .sub("\u{E9}"), [event]).count == 1)
        #expect(try await lines(bench, .event(event), [event]).count == 3)
    }

    @Test("a user's own id finds logins under every sub, and logouts whose scope is one user's")
    func users() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try login(bench, lane, session: "own", sub: "p1", user: "u")
        let own = try await logOut(bench, where: ["user_id": "u"])
        try login(bench, lane, session: "shared", sub: "p2", user: "somebody else")
        try login(bench, lane, session: "shared", sub: "u", sid: "s")
        let shared = try await logOut(bench, where: ["client_id": "rp"])
        try login(bench, lane, session: "a", sub: "pairwise", user: "u")
        try login(bench, lane, session: "b", sub: "u", sid: "2")
        try login(bench, lane, session: "c", sub: "u", sid: "3", user: "somebody else")
        try login(bench, lane, session: "d", sub: "u", sid: "4", until: "now() - interval '1 s'")
        #expect(
            try await lines(bench, .user("u"), [own, shared]) == [
                "rp p1 - pending - #0", "rp pairwise - login - -", "rp u 2 login - -", "rp u s pending - #1",
            ]
        )
    }

    @Test("a session finds its open logins, and the logouts whose scope names it")
    func sessions() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        try login(bench, lane, sid: "1")
        let event = try await logOut(bench, where: ["session_id": "op-1"])
        _ = try await bench.accept([LogoutTarget(clientID: "rp", sub: "u", sid: "9")])
        try login(bench, lane, sid: "2")
        try login(bench, lane, session: "op-2", sid: "3")
        #expect(
            try await lines(bench, .session("op-1"), [event]) == ["rp u 1 pending - #0", "rp u 2 login - -"]
        )
        let other = try await Workbench.putIssuer("other", in: bench.store)
        for subject in [LoginSubject.session("op-1"), .sub("u"), .user("u"), .event(event)] {
            let foreign = try await bench.store.logins(of: subject, after: nil, limit: 10, issuer: other)
            #expect(foreign.lines.isEmpty && foreign.counts.isEmpty && foreign.isComplete)
        }
    }

    @Test("pages join without a gap, and each counts all lines")
    func pages() async throws {
        let bench = try await Workbench()
        for client in ["a", "b"] { try await bench.putClient(client) }
        let targets = ["b", "a"].flatMap { client in
            [LogoutTarget.sub(client, "u")]
                + (1...3).map { LogoutTarget(clientID: client, sub: "u", sid: "\($0)") }
        }
        _ = try await bench.accept(targets)
        let all = try await lines(bench, .sub("u"))
        #expect(all.count == 8)
        for limit in [1, 3, 8] {
            var found: [LoginLine] = []
            while true {
                let place = found.last.map {
                    LoginPlace(clientID: $0.clientID, sub: $0.sub ?? "", sid: $0.sid ?? "")
                }
                let page = try await bench.store.logins(
                    of: .sub("u"),
                    after: place,
                    limit: limit,
                    issuer: bench.issuer
                )
                #expect(page.counts.map(\.count) == [8] && page.isComplete)
                guard !page.lines.isEmpty else { break }
                found += page.lines
            }
            #expect(
                found.map { "\($0.clientID) \($0.sid ?? "-")" }
                    == ["a", "b"].flatMap { c in ["-", "1", "2", "3"].map { "\(c) \($0)" } }
            )
        }
    }

    @Test(
        "what is beyond the newest events or the most deliveries is said to be left out",
        arguments: [(3, 3, true), (2, 3, false), (3, 2, false)]
    )
    func bounds(events: Int, deliveries: Int, isComplete: Bool) async throws {
        let bench = try await Workbench()
        try await bench.putClient("rp")
        for _ in 1...3 { _ = try await bench.accept([.sub("rp", "u")]) }
        let found = try await bench.store.logins(
            of: .sub("u"),
            after: nil,
            limit: 10,
            issuer: bench.issuer,
            maximumEvents: events,
            maximumDeliveries: deliveries
        )
        #expect(found.isComplete == isComplete)
        #expect(found.lines.count == 1)
    }

    @Test("an id says when it was made, to the microsecond")
    func idTime() async throws {
        let bench = try await Workbench()
        let wrong = try bench.number(
            """
            select count(*) from (select timestamptz '2026-11-21 02:35:00.999000+00' + n * interval '1 microsecond' as t
                from generate_series(0, 2000) n) s where lastcall.uuid7_time(lastcall.uuid7(t)) <> t
            """
        )
        #expect(wrong == 0)
        let event = try await bench.accept([]).event.id
        #expect(
            try bench.texts(
                "select lastcall.uuid7_time('\(event.text)') between now() - interval '1 min' and clock_timestamp()"
            ) == ["true"]
        )
    }
}
