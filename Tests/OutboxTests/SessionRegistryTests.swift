import LastcallTestKit
import LogoutModel
import Outbox
import PostgresClient
import Testing

/// Short waits for locks, and what becomes of those who wait beside one.
@Suite("Session registry", .lastcallDatabase, .timeLimit(.minutes(30)))
struct SessionRegistryTests {
    static let locked: SQLState = "55P03"

    /// A transaction that holds the participation of this sid, as an OP's own may.
    private func holding(_ sid: String) throws -> PostgresConnection {
        let holder = try Workbench.connect()
        try holder.execute(
            script: "begin; select from lastcall.participations where sid = '\(sid)' for update"
        )
        return holder
    }

    private func state(_ result: Result<Recording, any Error>) -> String {
        switch result {
        case .success(let recording): recording.word
        case .failure(PostgresError.server(let state, _, _, _)): state.code
        case .failure(let error): "\(error)"
        }
    }

    @Test("a row that somebody else has locked fails its own caller, not those in the same batch")
    func lockedRow() async throws {
        let bench = try await Workbench(connections: 6)
        try await bench.putClient("rp")
        _ = try await bench.record((0..<3).map { bench.participation(sid: "s\($0)") })
        let holder = try holding("s1")
        let store = bench.store
        var limits = GroupLimits(waiting: 100)
        limits.patience = Workbench.patience
        let gate = GroupCommit<Participation, Recording>(limits: limits) {
            try await store.record($0)
        }
        let batch = (0..<100).map { bench.participation(sid: "s\($0)") }
        let words = await gate.submit(all: batch).map(state)
        #expect(words[1] == Self.locked.code)
        #expect(words[0] == "changed" && words[2] == "changed")
        #expect(words[3...].allSatisfy { $0 == "created" })
        try holder.execute(script: "rollback")
        #expect(await gate.submit(all: batch).map(state).allSatisfy { $0 == "changed" })
    }

    /// An OP that records a participation in its own long transaction, which nobody else can see yet.
    @Test("a participation that somebody else is about to insert fails its own caller")
    func lockedInsert() async throws {
        let bench = try await Workbench()
        try await bench.putClient("rp")
        let holder = try Workbench.connect()
        let arrays = "'{\(bench.issuer)}', '{s}', '{rp}', '{sid}', '{u}', '{null}', '{null}', '{null}'"
        try holder.execute(script: "begin; select from lastcall.record(\(arrays))")
        let registry = SessionRegistry(store: bench.store, maximumWaiting: 10)
        let (one, another) = (bench.participation(), bench.participation(sid: "another"))
        async let blocked = Result { try await registry.record(one) }
        async let free = registry.record(another)
        #expect(try await free.word == "created")
        #expect(await state(blocked) == Self.locked.code)
        try holder.execute(script: "commit")
        #expect(try await registry.record(bench.participation()).word == "changed")
    }

    @Test("ending meets a locked row the same way")
    func lockedEnd() async throws {
        let bench = try await Workbench()
        try await bench.putClient("rp")
        _ = try await bench.record((0..<3).map { bench.participation(sid: "s\($0)") })
        let holder = try holding("s1")
        let store = bench.store
        let gate = GroupCommit<ParticipationEnd, Int>(limits: GroupLimits(waiting: 100)) {
            try await store.end($0)
        }
        let answers = await gate.submit(all: (0..<3).map { bench.end("s", sid: "s\($0)") })
        #expect(try answers[0].get() == 1 && answers[2].get() == 1)
        #expect(throws: PostgresError.self) { try answers[1].get() }
        try holder.execute(script: "rollback")
        #expect(try bench.texts("select sid from lastcall.participations") == ["s1"])
    }

    @Test("the intake meets a locked key the same way")
    func lockedIntake() async throws {
        let bench = try await Workbench()
        var configuration = try ScratchDatabase.current.configuration
        configuration.lockTimeout = .milliseconds(250)
        let store = Workbench.store(try PostgresPool(configuration: configuration, size: 6))
        let gate = GroupCommitTests.gate(store)
        let holder = try Workbench.connect()
        // The twin of an OP's own transaction.
        try holder.execute(
            script: """
                begin; insert into lastcall.idempotency_keys (issuer_key, key_hash, day, body_hash, event_id)
                select \(bench.issuer), convert_to(rpad('key', 32, E'\\x01'), 'utf8'), (now() at time zone 'utc')::date, '', lastcall.new_event_id()
                """
        )
        var request = bench.request([])
        request.idempotencyKeyHash = Array("key".utf8) + [UInt8](repeating: 1, count: 29)
        let requests = [bench.request([]), request, bench.request([], key: "free")]
        let answers = await gate.submit(all: requests)
        #expect(try answers[0].get().word == "fresh" && answers[2].get().word == "fresh")
        #expect(throws: PostgresError.self) { try answers[1].get() }
        try holder.execute(script: "rollback")
        #expect(try await gate.accept(request).word == "fresh")
    }

    @Test("where very much is locked, the rest of a batch shares its fate before its callers give up")
    func patience() async throws {
        let bench = try await Workbench(connections: 6)
        try await bench.putClient("rp")
        let batch = (0..<60).map { bench.participation(sid: "s\($0)") }
        _ = try await bench.record(batch)
        let holder = try Workbench.connect()
        try holder.execute(script: "begin; select from lastcall.participations for update")
        var limits = GroupLimits(waiting: 100)
        limits.patience = .zero
        let statements = Turns()
        let store = bench.store
        let gate = GroupCommit<Participation, Recording>(limits: limits) { requests in
            statements.add()
            return try await store.record(requests)
        }
        let words = await gate.submit(all: batch).map(state)
        #expect(words.allSatisfy { $0 == Self.locked.code })
        #expect(statements.count == 1)
        try holder.execute(script: "rollback")
    }

    @Test("a batch's short wait is over with its statement")
    func waitsBriefly() async throws {
        let bench = try await Workbench(connections: 1)
        try await bench.putClient("rp")
        let before = try await lockTimeout(bench)
        _ = try await bench.record([bench.participation()])
        _ = try await bench.store.end([bench.end("s")])
        #expect(try await lockTimeout(bench) == before)
    }

    private func lockTimeout(_ bench: Workbench) async throws -> String {
        let show = PostgresStatement(name: "show", text: "select current_setting('lock_timeout')")
        return try await bench.pool.withConnection(deadline: Workbench.patience) { connection in
            try #require(connection.query(show).first).text(0)
        }
    }

    @Test("calls beyond the queue are refused at once, and an import waits its turn")
    func overload() async throws {
        let bench = try await Workbench(connections: 3)
        try await bench.putClient("rp")
        let registry = SessionRegistry(store: bench.store, maximumWaiting: 1)
        let answers = try await registry.import((0..<3).map { bench.participation(sid: "\($0)") })
        #expect(answers.map(state) == ["created", "created", "created"])
        let none = SessionRegistry(store: bench.store, maximumWaiting: 0)
        await #expect(throws: OutboxError.overloaded(waiting: 0)) {
            try await none.record(bench.participation())
        }
        await #expect(throws: OutboxError.overloaded(waiting: 0)) { try await none.end(bench.end("s")) }
    }
}

extension Result where Failure == any Error {
    /// What an asynchronous call came to.
    init(_ call: () async throws -> Success) async {
        do {
            self = .success(try await call())
        } catch {
            self = .failure(error)
        }
    }
}
