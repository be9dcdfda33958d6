import FoundationEssentials
import LastcallSQL
import LastcallTestKit
import LogoutModel
import Outbox
import PostgresClient
import Testing

@Suite("Idempotency keys", .lastcallDatabase, .timeLimit(.minutes(30)))
struct IdempotencyTests {
    @Test("the same meaning replays, another conflicts, and neither writes anything")
    func replays() async throws {
        let bench = try await Workbench()
        try await bench.putClient("rp")
        let request = bench.request([.sub("rp", "u")], key: "key")
        let first = try #require(try await bench.accept(request).accepted)
        let before = try bench.audit().count
        for _ in 0..<2 { #expect(try await bench.accept(request).replayed == first.event.id) }
        #expect(
            try await bench.accept(bench.request([.sub("rp", "v")], key: "key", body: "other")).word
                == "conflict"
        )
        #expect(try bench.number("select count(*) from lastcall.logout_events") == 1)
        #expect(try bench.audit().count == before)
        #expect(try await bench.accept(bench.request([.sub("rp", "u")], key: "another")).word == "fresh")
        #expect(try await bench.accept(bench.request([.sub("rp", "u")])).word == "fresh")
    }

    @Test("a request whose instant has passed since still replays")
    func replaysLate() async throws {
        let bench = try await Workbench()
        let before = "2031-05-05 12:30:00"
        func run(at now: String) throws -> (outcome: String, event: UUID) {
            let twin = try Twin(key: "key", body: "body", issuer: bench.issuer, now: now, before: before)
            return try twin.run(on: bench.connection)
        }
        let first = try run(at: "2031-05-05 12:00:00")
        #expect(first.outcome == "fresh")
        let late = try run(at: "2031-05-05 13:00:00")
        #expect(late.outcome == "replay")
        #expect(late.event == first.event)
    }

    @Test("two issuers may use one key")
    func issuersApart() async throws {
        let bench = try await Workbench()
        let other = try await Workbench.putIssuer("other", in: bench.store)
        var request = bench.request([], key: "key")
        #expect(try await bench.accept(request).word == "fresh")
        request.issuerKey = other
        #expect(try await bench.accept(request).word == "fresh")
        #expect(try await bench.accept(request).word == "replay")
    }

    @Test("two hundred twins at once, through two processes' gates and straight, make one event")
    func twins() async throws {
        let bench = try await Workbench(connections: 6)
        try await bench.putClient("rp")
        let stores = [bench.store, Workbench.store(try Workbench.pool(6))]
        let gates = stores.map { store in
            GroupCommit(
                store: store,
                wake: WakeSignal(store: store),
                usualDeliverWithin: 60,
                maximumWaiting: 1_000,
                concurrency: 3
            )
        }
        let request = bench.request([.sub("rp", "u"), .sub("rp", "v")], key: "key")
        let answers = try await withThrowingTaskGroup(of: Acceptance.self) { group in
            for index in 0..<200 {
                group.addTask {
                    if index % 10 == 0 {
                        return try await stores[index % 20 / 10].acceptAll([request])[0]
                    }
                    return try await gates[index % 2].accept(request)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.count { $0.word == "fresh" } == 1)
        #expect(answers.count { $0.word == "replay" } == 199)
        #expect(Set(answers.compactMap { $0.accepted?.event.id ?? $0.replayed }).count == 1)
        #expect(try bench.number("select count(*) from lastcall.logout_events") == 1)
        #expect(try bench.number("select count(*) from lastcall.delivery_queue") == 2)
        #expect(try bench.audit() == ["logout.accepted info"])
    }

    @Test(
        "a twin waits for the first, and takes its place only where that one failed",
        arguments: [true, false]
    )
    func waits(firstCommits: Bool) async throws {
        let bench = try await Workbench()
        let first = try Twin(key: "key", body: "body", issuer: bench.issuer)
        try bench.run("begin")
        #expect(try first.run(on: bench.connection).outcome == "fresh")
        let request = bench.request([], key: "key")
        let store = bench.store
        async let second = store.acceptAll([request])
        let watcher = try Workbench.connect()
        try await eventually("the twin waits") {
            let blocked =
                "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
            return try watcher.query(PostgresStatement(name: "blocked", text: blocked)).first?.int8(0) == 1
        }
        try bench.run(firstCommits ? "commit" : "rollback")
        #expect(try await second.map(\.word) == [firstCommits ? "replay" : "fresh"])
        #expect(try bench.number("select count(*) from lastcall.logout_events") == 1)
    }

    /// Each runs at a time of its own; the second begins while the first has not committed yet, and again after it.
    @Test(
        "twins on two sides of midnight meet",
        arguments: [
            ("2031-05-05 23:59:55", "2031-05-06 00:00:04"), ("2031-05-05 23:59:50", "2031-05-06 00:00:00"),
            ("2031-05-05 23:59:59.999", "2031-05-06 00:00:09.999"),
            ("2031-05-06 00:00:05", "2031-05-05 23:59:55"),
            ("2031-05-05 23:59:40", "2031-05-05 23:59:52"), ("2031-05-05 12:00:00", "2031-05-05 12:00:01"),
        ]
    )
    func midnight(first: String, second: String) async throws {
        let bench = try await Workbench()
        let event = try await race(
            try Twin(key: "key", body: "body", issuer: bench.issuer, now: first),
            try Twin(key: "key", body: "body", issuer: bench.issuer, now: second),
            bench
        )
        let later = try Twin(key: "key", body: "body", issuer: bench.issuer, now: second)
        let replay = try later.run(on: bench.connection)
        #expect(replay.outcome == "replay")
        #expect(replay.event == event)
        let other = try Twin(key: "key", body: "other", issuer: bench.issuer, now: second)
        #expect(try other.run(on: bench.connection).outcome == "conflict")
        #expect(try bench.number("select count(*) from lastcall.logout_events") == 1)
    }

    /// Runs the first in an open transaction and the second meanwhile: whatever the second comes to, it is not fresh.
    private func race(_ first: Twin, _ second: Twin, _ bench: Workbench) async throws -> UUID {
        let holder = try Workbench.connect()
        try holder.execute(script: "begin")
        let event = try first.run(on: holder)
        #expect(event.outcome == "fresh")
        let pool = bench.pool
        async let meanwhile: String = pool.withConnection(deadline: Workbench.patience) { connection in
            do {
                return try second.run(on: connection).outcome
            } catch PostgresError.server(let state, _, _, _) {
                return state.code
            }
        }
        try await bench.awaitBlocked(1)
        try holder.execute(script: "commit")
        #expect(["again", "40001"].contains(try await meanwhile))
        return event.event
    }

    @Test(
        "a key is known for 48 hours at least, whatever the time of day",
        arguments: [
            ("2031-05-05 00:00:00", "2031-05-07 00:00:00", "replay"),
            ("2031-05-05 23:59:30", "2031-05-07 23:59:30", "replay"),
            ("2031-05-05 12:00:00", "2031-05-07 12:00:00", "replay"),
            ("2031-05-05 12:00:00", "2031-05-09 12:00:00", "fresh"),
        ]
    )
    func retention(first: String, second: String, outcome: String) async throws {
        let bench = try await Workbench()
        _ = try Twin(key: "key", body: "body", issuer: bench.issuer, now: first).run(on: bench.connection)
        let again = try Twin(key: "key", body: "body", issuer: bench.issuer, now: second)
        #expect(try again.run(on: bench.connection).outcome == outcome)
    }

    @Test(
        "a statement that must be run again is, a few times",
        arguments: [("40001", 4, true), ("40P01", 4, true), ("40001", 5, false), ("P0001", 1, false)]
    )
    func runsAgain(sqlState: String, failures: Int, isAccepted: Bool) async throws {
        let bench = try await Workbench()
        // A sequence counts on through a rollback.
        try bench.run(
            """
            create sequence tries;
            create function refuse() returns trigger language plpgsql as $$ begin
                if nextval('public.tries') <= \(failures) then raise exception 'refused' using errcode = '\(sqlState)'; end if;
                return new;
            end $$;
            create trigger refuse before insert on lastcall.idempotency_keys for each row execute function refuse()
            """
        )
        let request = bench.request([], key: "key")
        if isAccepted {
            #expect(try await bench.accept(request).word == "fresh")
        } else {
            let error = await #expect(throws: PostgresError.self) { try await bench.accept(request) }
            guard case .server(let state, _, _, _) = error else {
                Issue.record("another error: \(String(describing: error))")
                return
            }
            #expect(state.code == sqlState)
        }
        #expect(try bench.number("select count(*) from lastcall.logout_events") == (isAccepted ? 1 : 0))
    }

    @Test("housekeeping drops the keys of days that are over for 48 hours, and no others")
    func dropsOldDays() async throws {
        let bench = try await Workbench()
        for ago in 0...5 {
            try bench.run(
                """
                do $$ begin while lastcall.make_partition((now() at time zone 'utc')::date - \(ago)) loop null; end loop; end $$;
                insert into lastcall.idempotency_keys
                    values (1, '\\x0\(ago)', (now() at time zone 'utc')::date - \(ago), '\\x00', lastcall.new_event_id())
                """
            )
        }
        try await bench.store.keepPartitions(daysAhead: 1)
        #expect(
            try bench.texts(
                "select (now() at time zone 'utc')::date - day from lastcall.idempotency_keys order by 1"
            )
                == ["0", "1", "2"]
        )
        #expect(try bench.number("select count(*) from lastcall.idempotency_keys_default") == 0)
    }
}

/// One request as its statement sees it, at a time of its own.
struct Twin: Sendable {
    let statement: PostgresStatement
    let parameters: [PostgresValue]

    init(key: String, body: String, issuer: Int32, now: String? = nil, before: String? = nil) throws {
        if let now { try Self.makeFunction(now) }
        let text = SQLText.accept.text
        statement = PostgresStatement(
            name: "accept at \(now ?? "any time")",
            text: now.map { text.replacing("lastcall.accept(", with: "lastcall.\"accept \($0)\"(") } ?? text
        )
        parameters = [
            .int4Array([issuer]), .byteaArray([hash(key)]), .jsonbArray([#"{"targets": 0}"#]),
            .textArray(["idp-logout"]), .textArray([body == "body" ? nil : body]), .boolArray([false]),
            .textArray([nil]),
            .float8Array([nil]),
            .timestampArray([
                before.flatMap { Timestamp(text: $0.replacing(" ", with: "T") + "Z")?.microseconds }
            ]),
            .textArray([nil]), .textArray(["test"]),
            .textArray(["interactive"]),
            .int4Array([]), .int4Array([]), .textArray([]), .textArray([]), .textArray([]), .float8(60),
        ]
    }

    func run(on connection: PostgresConnection) throws -> (outcome: String, event: UUID) {
        let row = try #require(try connection.query(statement, parameters: parameters).first)
        return (try row.text(1), try row.uuid(2))
    }

    /// The function as it would be at another time.
    private static func makeFunction(_ now: String) throws {
        try Workbench.connect().execute(
            script: """
                do $do$ begin
                    if to_regproc('lastcall."accept \(now)"') is null then
                        execute replace(replace(pg_get_functiondef('lastcall.accept'::regproc), 'lastcall.accept(',
                            'lastcall."accept \(now)"('), 'now()', $time$timestamptz '\(now)+00'$time$);
                    end if;
                end $do$
                """
        )
    }
}
