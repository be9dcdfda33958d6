import LastcallTestKit
import PostgresClient
import Testing

@Suite("Migrator", .emptyDatabase)
struct MigratorTests {
    let configuration: PostgresConfiguration
    let connection: PostgresConnection

    init() throws {
        configuration = try ScratchDatabase.current.configuration
        connection = try connect()
    }

    static let texts = [
        "create table a (n int)",
        "insert into a values (1); create table b (n int)",
        "--! transaction: no\ncreate index concurrently if not exists a_n on a (n)",
    ]

    func migrator(_ texts: [String] = texts) throws -> Migrator {
        try Migrator(
            texts.enumerated().map { try Migration(number: $0 + 1, name: "m\($0 + 1)", text: $1) }
        )
    }

    @discardableResult
    func migrate(_ texts: [String] = texts) async throws -> MigrationState {
        try await migrator(texts).migrate(configuration, deadline: .seconds(30))
    }

    @Test("migrations run in order, once, and are noted with their checksums")
    func applies() async throws {
        #expect(try migrator().state(on: connection).pending == [1, 2, 3])
        #expect(try migrator().state(on: connection).isCurrent == false)
        for _ in 0..<2 {
            let state = try await migrate()
            #expect(state.applied == [1, 2, 3])
            #expect(state.isCurrent)
            #expect(try migrator().state(on: connection) == state)
        }
        #expect(try connection.query(sql("select n from a")).count == 1)
        let notes = try connection.query(
            sql("select number, name, checksum, breaking from lastcall.schema_migrations order by number")
        )
        #expect(try notes.map { try $0.int4(0) } == [1, 2, 3])
        let first = try #require(notes.first)
        #expect(try first.text(1) == "m1")
        let expected = "a1da410e0bcd72fb5106363a4ae9a7e4ffdd187051c920dbe033d94b2575f078"
        #expect(try first.text(2) == expected)
        #expect(try first.optionalText(3) == nil)
    }

    @Test("twenty processes may start at once: each migration runs once and all see the end")
    func concurrent() async throws {
        let (migrator, configuration) = (try migrator(), configuration)
        let states = try await withThrowingTaskGroup(of: MigrationState.self) { group in
            for _ in 0..<20 {
                group.addTask { try await migrator.migrate(configuration, deadline: .seconds(30)) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(states.count == 20)
        #expect(states.allSatisfy { $0.applied == [1, 2, 3] && $0.isCurrent })
        #expect(try connection.query(sql("select n from a")).count == 1)
    }

    @Test("later migrations are added to those that are there")
    func continues() async throws {
        try await migrate([Self.texts[0]])
        #expect(try migrator().state(on: connection).pending == [2, 3])
        #expect(try await migrate().applied == [1, 2, 3])
    }

    @Test("a migration that fails leaves nothing behind, and can be mended")
    func fails() async throws {
        let error = await #expect(throws: PostgresError.self) {
            try await migrate([Self.texts[0], "create table b (n int); select 1/0"])
        }
        #expect(error?.sqlState == "22012")
        #expect(try migrator().state(on: connection).applied == [1])
        #expect(try await migrate().applied == [1, 2, 3])
    }

    @Test("a text that was changed after it was applied is refused")
    func checksum() async throws {
        try await migrate()
        let changed = [Self.texts[0] + " ", Self.texts[1], Self.texts[2]]
        let expected = PostgresError.migration(.checksumChanged(number: 1, name: "m1"))
        await #expect(throws: expected) { try await migrate(changed) }
        #expect(throws: expected) { try migrator(changed).state(on: connection) }
    }

    @Test("a database that is newer is fine unless what is new breaks older programs")
    func newer() async throws {
        try await migrate(Self.texts + ["create table d (n int)"])
        let state = try await migrate()
        #expect(state.applied == [1, 2, 3])
        #expect(state.newer == [4])
        #expect(state.isCurrent)
        try await migrate(Self.texts + ["create table d (n int)", "--! breaking: b is gone\ndrop table b"])
        let expected = PostgresError.migration(.newerBreaking(number: 5, name: "m5", reason: "b is gone"))
        await #expect(throws: expected) { try await migrate() }
        #expect(throws: expected) { try migrator().state(on: connection) }
    }

    @Test("a hole among the applied migrations is refused")
    func gap() async throws {
        try await migrate()
        try connection.execute(script: "delete from lastcall.schema_migrations where number = 2")
        await #expect(throws: PostgresError.migration(.gap(number: 2))) { try await migrate() }
    }

    @Test("migrations are numbered from one without holes")
    func misnumbered() throws {
        let second = try Migration(number: 2, name: "b", text: "select 1")
        #expect(throws: PostgresError.migration(.misnumbered(expected: 1, found: 2))) {
            try Migrator([second])
        }
        let first = try Migration(number: 1, name: "a", text: "select 1")
        #expect(throws: PostgresError.migration(.misnumbered(expected: 2, found: 1))) {
            try Migrator([first, first])
        }
    }

    @Test("a text that ends its transaction is refused, and so is the whole migration")
    func endsTransaction() async throws {
        await #expect(throws: PostgresError.migration(.endedTransaction(number: 1))) {
            try await migrate(["rollback"])
        }
        #expect(try migrator().state(on: connection).applied == [])
    }

    @Test("a lock that a peer keeps is waited for until the deadline, and free when the peer is gone")
    func locked() async throws {
        let peer = try connect()
        try peer.query(sql("select pg_advisory_lock(7809650172557880428)"))
        await #expect(throws: PostgresError.migration(.locked)) {
            try await migrator().migrate(configuration, deadline: .milliseconds(100))
        }
        peer.close()
        #expect(try await migrate().isCurrent)
    }

    @Test("a transaction pooler is refused for migrating and good for reading the state")
    func pooler() async throws {
        var pooled = configuration
        pooled.preparedStatements = false
        await #expect(throws: PostgresError.migration(.needsSession)) {
            try await migrator().migrate(pooled, deadline: .seconds(10))
        }
        #expect(try migrator().state(on: try connect(preparedStatements: false)).pending == [1, 2, 3])
    }
}
