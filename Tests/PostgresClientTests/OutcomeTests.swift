import LastcallTestKit
import PostgresClient
import Testing

/// What is known of a commit whose answer is lost. These tests break a server, so they have one of their own.
@Suite("Outcomes", .serialized, .timeLimit(.minutes(30)))
struct OutcomeTests {
    /// Waits for a standby that does not exist, but only in sessions that ask for it.
    static let cluster = Result<ScratchCluster, any Error> {
        try ScratchCluster(settings: ["synchronous_standby_names": "nobody", "synchronous_commit": "local"])
    }

    enum Write: String, CaseIterable {
        case statement, unpreparedStatement, transaction, script

        func perform(_ connection: PostgresConnection) throws {
            let insert = sql("insert into t values (1)")
            switch self {
            case .statement, .unpreparedStatement: try connection.query(insert)
            case .transaction: try connection.transaction { try $0.query(insert) }
            case .script: try connection.execute(script: insert.text)
            }
        }
    }

    let cluster: ScratchCluster
    let observer: PostgresConnection

    init() throws {
        cluster = try Self.cluster.get()
        observer = try PostgresConnection.connect(
            try PostgresConfiguration(connectionString: cluster.connectionString())
        )
        try observer.execute(script: "drop table if exists t; create table t (n int)")
    }

    func pool(preparedStatements: Bool = true) throws -> PostgresPool {
        var configuration = try PostgresConfiguration(connectionString: cluster.connectionString())
        configuration.preparedStatements = preparedStatements
        return try PostgresPool(configuration: configuration, size: 1)
    }

    @Test(
        "a commit whose wait for a standby is ended is in doubt, and committed here",
        arguments: Write.allCases,
        ["pg_cancel_backend", "pg_terminate_backend"]
    )
    func synchronousReplication(write: Write, ending: String) async throws {
        let pool = try pool(preparedStatements: write != .unpreparedStatement)
        let job = Task {
            try await pool.withConnection(deadline: .seconds(30)) { connection in
                try connection.execute(script: "set synchronous_commit = on")
                try write.perform(connection)
            }
        }
        let waiting = "select exists (select from pg_stat_activity where wait_event = 'SyncRep')"
        try eventually(observer, waiting)
        try observer.query(sql("select \(ending)(pid) from pg_stat_activity where wait_event = 'SyncRep'"))
        let error = await #expect(throws: PostgresError.self) { try await job.value }
        #expect(error?.isOutcomeUnknown == true)
        if ending == "pg_cancel_backend" {
            #expect(
                error == .outcomeUnknown("canceling wait for synchronous replication due to user request")
            )
        }
        #expect(try observer.query(sql("select n from t")).count == 1)
        await pool.shutdown()
    }

    @Test("a statement that may write is in doubt when the server goes down under it, one that reads is not")
    func serverLost() async throws {
        for (access, isUnknown) in [(PostgresStatement.Access.readWrite, true), (.readOnly, false)] {
            let error = try await lose { _ = try $0.query(sql("select pg_sleep(60)", access)) }
            #expect(error?.isOutcomeUnknown == isUnknown)
            #expect(error?.isConnection == !isUnknown)
        }
    }

    @Test("a transaction that was not committed is not in doubt when the server goes down under it")
    func serverLostInTransaction() async throws {
        let error = try await lose { connection in
            _ = try connection.transaction { try $0.query(sql("select pg_sleep(60)")) }
        }
        #expect(error?.isConnection == true)
    }

    /// Crashes the server while a job sleeps in a statement, and returns the job's error.
    private func lose(
        _ body: @escaping @Sendable (PostgresConnection) throws -> Void
    ) async throws -> PostgresError? {
        let pool = try pool()
        let job = Task { try await pool.withConnection(deadline: .seconds(30), body) }
        let observer = try PostgresConnection.connect(
            try PostgresConfiguration(connectionString: cluster.connectionString())
        )
        try eventually(observer, "select exists (select from pg_stat_activity where wait_event = 'PgSleep')")
        try cluster.restart(immediately: true)
        let error = await #expect(throws: PostgresError.self) { try await job.value }
        await pool.shutdown()
        return error
    }

    @Test("a session that is ended in the middle of a statement has not committed it")
    func terminated() async throws {
        let pool = try pool()
        let job = Task {
            try await pool.withConnection(deadline: .seconds(30)) { connection in
                try connection.query(sql("insert into t select 1 from pg_sleep(60)")).affectedRows
            }
        }
        try eventually(observer, "select exists (select from pg_stat_activity where wait_event = 'PgSleep')")
        try observer.query(
            sql("select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep'")
        )
        let expected = PostgresError.server(
            sqlState: "57P01",
            message: "terminating connection due to administrator command",
            detail: nil,
            constraint: nil
        )
        await #expect(throws: expected) { try await job.value }
        #expect(try observer.query(sql("select n from t")).isEmpty)
        await pool.shutdown()
    }

    @Test(
        "a frozen backend costs no more than the deadline; only what commits is in doubt",
        arguments: [
            (
                PostgresStatement.Access.readWrite,
                PostgresError.outcomeUnknown("no answer before the deadline")
            ),
            (.readOnly, .timeout),
        ]
    )
    func frozen(access: PostgresStatement.Access, expected: PostgresError) throws {
        let connection = try PostgresConnection.connect(
            try PostgresConfiguration(connectionString: cluster.connectionString())
        )
        let pid = connection.backendPID
        let statement = sql("select 1", access)
        try connection.query(statement)
        cluster.freezeBackend(pid)
        defer { cluster.thawBackend(pid) }
        connection.deadline = .now + .milliseconds(50)
        #expect(throws: expected) { try connection.query(statement) }
        #expect(throws: PostgresError.closed) { try connection.query(statement) }
    }

    @Test("a frozen backend at the commit leaves it in doubt, before that not")
    func frozenInTransaction() throws {
        for (atCommit, expected) in [
            (true, PostgresError.outcomeUnknown("no answer before the deadline")), (false, .timeout),
        ] {
            let connection = try PostgresConnection.connect(
                try PostgresConfiguration(connectionString: cluster.connectionString())
            )
            let pid = connection.backendPID
            defer { cluster.thawBackend(pid) }
            #expect(throws: expected) {
                try connection.transaction { connection in
                    try connection.execute(script: "insert into t values (1)")
                    cluster.freezeBackend(pid)
                    connection.deadline = .now + .milliseconds(50)
                    if !atCommit { try connection.execute(script: "insert into t values (2)") }
                }
            }
        }
    }

    @Test(
        "a server that accepts and does not answer costs one connect timeout, then the next host has its turn"
    )
    func silentHost() throws {
        let silent = try ScratchCluster()
        try silent.freeze()
        defer { try? silent.freeze(false) }
        let alone = try PostgresConfiguration(
            connectionString: silent.connectionString(),
            connectTimeout: .milliseconds(100)
        )
        let error = #expect(throws: PostgresError.self) { try PostgresConnection.connect(alone) }
        #expect(error?.isConnection == true)
        let both = try PostgresConfiguration(
            connectionString: "host=\(silent.directory),\(cluster.directory) user=postgres dbname=postgres",
            connectTimeout: .seconds(5)
        )
        #expect(try PostgresConnection.connect(both).isIdle)
    }
}
