import LastcallTestKit
import LogoutModel
import Outbox
import PostgresClient
import Testing

@Suite("Participations", .lastcallDatabase, .timeLimit(.minutes(30)))
struct ParticipationTests {
    @Test("a new sid is another participation, the same one is changed and keeps its beginning")
    func identity() async throws {
        let bench = try await Workbench()
        try await bench.putClient("rp")
        let first = try #require(try await bench.record([bench.participation(sid: "a")]).first)
        let created = try #require(first.recorded?.createdAt)
        #expect(first.word == "created")
        let second = try await bench.record([bench.participation(sid: "b"), bench.participation(sid: nil)])
        #expect(second.map(\.word) == ["created", "created"])
        let changed = try #require(
            try await bench.record([bench.participation(sub: "v", sid: "a", userID: "w")]).first
        )
        #expect(changed.word == "changed" && changed.recorded?.createdAt == created)
        #expect(try await bench.record([bench.participation(sid: nil)]).map(\.word) == ["changed"])
        let rows =
            "select concat_ws('/', sub, coalesce(sid, '-'), coalesce(user_id, '-')) from lastcall.participations order by 1"
        #expect(try bench.texts(rows) == ["u/-/-", "u/b/-", "v/a/w"])
    }

    @Test("of several for one participation in a batch the last holds, and the first is the new one")
    func duplicates() async throws {
        let bench = try await Workbench()
        try await bench.putClient("rp")
        let batch = ["a", "b", "c"].map { bench.participation(sub: $0) }
        let answers = try await bench.record(batch)
        #expect(answers.map(\.word) == ["created", "changed", "changed"])
        #expect(Set(answers.map { $0.recorded?.createdAt }).count == 1)
        #expect(try bench.texts("select sub from lastcall.participations") == ["c"])
    }

    @Test("an element that cannot be recorded is answered for itself, and its neighbours are kept")
    func refused() async throws {
        let bench = try await Workbench()
        let other = try await Workbench.putIssuer("other", in: bench.store)
        try await bench.putClient("rp")
        try await bench.putClient("theirs", of: other)
        try await bench.putClient("gone")
        try await bench.deleteClient("gone")
        let now = try #require(try bench.rows("select now()").first?.timestamp(0))
        let times = [now - 1, now, now + 60_000_000].map { Timestamp(microseconds: $0) }
        let answers = try await bench.record(
            [bench.participation(sid: "1")]
                + ["nobody", "theirs", "gone"].map { bench.participation(clientID: $0) }
                + times.map { bench.participation(sid: "2", expiresAt: $0) }
        )
        #expect(
            answers.map(\.word) == [
                "created", "noClient", "noClient", "noClient", "expired", "expired", "created",
            ]
        )
        #expect(try bench.number("select count(*) from lastcall.participations") == 2)
    }

    @Test("the user's own id is kept only where it is not the sub")
    func userID() async throws {
        let bench = try await Workbench()
        try await bench.putClient("rp")
        _ = try await bench.record([
            bench.participation(sid: "1", userID: "u"), bench.participation(sid: "2", userID: "U"),
        ])
        let rows = "select coalesce(user_id, 'null') from lastcall.participations order by sid"
        #expect(try bench.texts(rows) == ["null", "U"])
    }

    @Test(
        "the sweep looks at the earliest end that was ever given, and a renewal does not move it",
        arguments: [
            (nil, nil, nil), (nil, 9, 9), (5, nil, 5), (5, 9, 5), (9, 5, 5), (5, 5, 5),
        ] as [(Int64?, Int64?, Int64?)]
    )
    func checkAt(first: Int64?, then: Int64?, expected: Int64?) async throws {
        let bench = try await Workbench()
        try await bench.putClient("rp")
        let hours = { (count: Int64?) in
            count.map { Timestamp(microseconds: 4_000_000_000_000_000 + $0 * 3_600_000_000) }
        }
        _ = try await bench.record([bench.participation(expiresAt: hours(first))])
        _ = try await bench.record([bench.participation(expiresAt: hours(then))])
        let row = try #require(
            try bench.rows("select check_at, expires_at from lastcall.participations").first
        )
        #expect(try row.optionalTimestamp(0) == hours(expected)?.microseconds)
        #expect(try row.optionalTimestamp(1) == hours(then)?.microseconds)
    }

    /// All versions of both rows fit on their page, so that it is not pruning that decides.
    @Test("a renewal writes to no index, a change of what is looked for does")
    func renewalsAreHOT() async throws {
        let bench = try await Workbench(connections: 1)
        try await bench.putClient("rp")
        for round in 0...20 {
            let expiresAt = Timestamp(microseconds: 4_000_000_000_000_000 + Int64(round) * 1_000_000)
            _ = try await bench.record(
                ["1", "2"].map { bench.participation(sid: $0, userAgentID: "ua", expiresAt: expiresAt) }
            )
        }
        try await awaitUpdates("40 40", bench)
        _ = try await bench.record([bench.participation(sub: "v", sid: "1", userAgentID: "ua")])
        try await awaitUpdates("41 40", bench)
    }

    /// Waits for the statistics of all updates, and of those that wrote to no index.
    private func awaitUpdates(_ expected: String, _ bench: Workbench) async throws {
        let updates = """
            select n_tup_upd || ' ' || n_tup_hot_upd from pg_stat_user_tables where relname = 'participations'
            """
        try await eventually("statistics of \(expected)") {
            _ = try await bench.pool.withConnection(deadline: Workbench.patience) {
                try $0.execute(script: "select pg_stat_force_next_flush()")
            }
            return try bench.texts(updates) == [expected]
        }
    }

    @Test("many callers for one participation make one row, and one of them is told that it is new")
    func race() async throws {
        let bench = try await Workbench(connections: 6)
        try await bench.putClient("rp")
        let registries = (0..<3).map { _ in SessionRegistry(store: bench.store, maximumWaiting: 1_000) }
        let (store, one) = (bench.store, bench.participation(sid: "s"))
        let words = try await withThrowingTaskGroup(of: String.self) { group in
            for index in 0..<150 {
                group.addTask {
                    try await Self.whileLocked {
                        index % 10 == 0
                            ? try await store.record([one])[0].word
                            : try await registries[index % 3].record(one).word
                    }
                }
            }
            return try await group.reduce(into: [String]()) { $0.append($1) }
        }
        #expect(words.count { $0 == "created" } == 1 && words.count { $0 == "changed" } == 149)
        #expect(try bench.number("select count(*) from lastcall.participations") == 1)
    }

    /// Calls again where a busy machine made others hold the row for longer than a batch waits, as a caller does on 503.
    private static func whileLocked<R>(_ call: () async throws -> R) async throws -> R {
        while true {
            do {
                return try await call()
            } catch PostgresError.server(let state, _, _, _) where state == SessionRegistryTests.locked {
                continue
            }
        }
    }

    /// Straight through the functions, since a batch's short wait would hide a deadlock behind 55P03.
    @Test("callers that record and end the same participations in other orders do not deadlock")
    func orders() async throws {
        let bench = try await Workbench(connections: 6)
        try await bench.putClient("rp")
        let (pool, issuer) = (bench.pool, bench.issuer)
        try await withThrowingTaskGroup { group in
            for round in 0..<60 {
                let places = (0..<40).shuffled()
                let keys: [PostgresValue] = [
                    .int4Array(places.map { _ in issuer }), .textArray(places.map { "s\($0 % 7)" }),
                    .textArray(places.map { _ in "rp" }), .textArray(places.map { "\($0)" }),
                ]
                let end = "select from lastcall.end_recorded($1::int4[], $2::text[], $3::text[], $4::text[])"
                let record = """
                    select from lastcall.record($1::int4[], $2::text[], $3::text[], $4::text[], $4::text[], null, null, null)
                    """
                let text = round % 3 == 0 ? end : record
                group.addTask {
                    try await pool.withConnection(deadline: Workbench.patience) { connection in
                        _ = try connection.query(
                            PostgresStatement(name: text, text: text),
                            parameters: keys
                        )
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("ending takes one sid, or all of a session and a client, once")
    func ends() async throws {
        let bench = try await Workbench()
        try await bench.putClient("rp")
        try await bench.putClient("other")
        let other = try await Workbench.putIssuer("other", in: bench.store)
        _ = try await bench.record(
            ["1", "2", "3", nil].map { bench.participation(sid: $0) }
                + [bench.participation(sessionID: "t"), bench.participation(clientID: "other")]
        )
        let foreign = ParticipationEnd(issuerKey: other, sessionID: "s", clientID: "rp", sid: nil)
        let ended = try await bench.store.end([
            bench.end("s", sid: "1"), bench.end("s", sid: "1"), bench.end("s", sid: "9"), foreign,
            bench.end("s", clientID: "nobody"), bench.end("s"), bench.end("s"),
        ])
        #expect(ended == [1, 0, 0, 0, 0, 3, 0])
        let left =
            "select session_id || ' ' || client_id from lastcall.participations join lastcall.clients using (client_key) order by 1"
        #expect(try bench.texts(left) == ["s other", "t rp"])
    }

    @Test("a client's deletion forgets its participations quietly, but for what somebody has locked")
    func clientDeleted() async throws {
        let bench = try await Workbench()
        try await bench.putClient("rp")
        try await bench.putClient("other")
        _ = try await bench.record(
            (0..<30).map { bench.participation(sid: "\($0)") } + [bench.participation(clientID: "other")]
        )
        let holder = try Workbench.connect()
        try holder.execute(
            script: "begin; select from lastcall.participations where sid = '7' for update"
        )
        try await bench.deleteClient("rp")
        #expect(try bench.texts("select sid from lastcall.participations order by 1") == ["7", "sid"])
        var filter = ParticipationFilter()
        filter.sid = "7"
        #expect(try await bench.store.participations(filter, before: nil, limit: 9, of: bench.issuer).isEmpty)
        try holder.execute(script: "rollback")
        #expect(try bench.number("select count(*) from lastcall.logout_events") == 0)
    }

    /// More are left to the sweep: a deletion must not hold its caller up for minutes.
    @Test("a client's deletion forgets ten thousand participations and no more")
    func boundedDeletion() async throws {
        let bench = try await Workbench()
        let key = try await bench.putClient("rp")
        try bench.run(
            """
            insert into lastcall.participations (issuer_key, client_key, session_id, sub)
            select \(bench.issuer), \(key), 's' || n, 'u' from generate_series(1, 10003) n
            """
        )
        try await bench.deleteClient("rp")
        #expect(try bench.number("select count(*) from lastcall.participations") == 3)
    }
}

extension Workbench {
    func participation(
        sessionID: String = "s",
        clientID: String = "rp",
        sub: String = "u",
        sid: String? = "sid",
        userID: String? = nil,
        userAgentID: String? = nil,
        expiresAt: Timestamp? = nil
    ) -> Participation {
        Participation(
            issuerKey: issuer,
            sessionID: sessionID,
            clientID: clientID,
            sub: sub,
            sid: sid,
            userID: userID,
            userAgentID: userAgentID,
            expiresAt: expiresAt
        )
    }

    func end(_ sessionID: String, clientID: String = "rp", sid: String? = nil) -> ParticipationEnd {
        ParticipationEnd(issuerKey: issuer, sessionID: sessionID, clientID: clientID, sid: sid)
    }

    func record(_ batch: [Participation]) async throws -> [Recording] { try await store.record(batch) }
}

extension Recording {
    var recorded: RecordedParticipation? {
        switch self {
        case .created(let recorded), .changed(let recorded): recorded
        case .noClient, .expired: nil
        }
    }

    /// What became of it in one word, to compare many.
    var word: String {
        switch self {
        case .created: "created"
        case .changed: "changed"
        case .noClient: "noClient"
        case .expired: "expired"
        }
    }
}
