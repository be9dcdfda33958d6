import Glibc

/// Brings a database's schema up to what a program knows.
///
/// Applied migrations are kept in `lastcall.schema_migrations` with the SHA-256 of their texts. Any number of
/// processes may start at once: one of them holds an advisory lock of its session, which ends with the session, and
/// the others try again until their deadline. A migration and the note that it was applied commit together.
///
/// Migrations need a session, so they are refused with ``PostgresConfiguration/preparedStatements`` off; run them with
/// a connection string that passes pgbouncer by. Reading the state works either way.
public struct Migrator: Sendable {
    /// Any number will do that nobody else uses in the same database.
    private static let lockKey: Int64 = 0x6c61_7374_6361_6c6c

    private let migrations: [Migration]

    /// Keeps a program's migrations.
    ///
    /// - Parameter migrations: numbered 1, 2, 3, ... in this order.
    /// - Throws: ``PostgresError/migration(_:)`` with ``MigrationProblem/misnumbered(expected:found:)``.
    public init(_ migrations: [Migration]) throws(PostgresError) {
        for (index, migration) in migrations.enumerated() where migration.number != index + 1 {
            throw .migration(.misnumbered(expected: index + 1, found: migration.number))
        }
        self.migrations = migrations
    }

    /// Applies what is pending, on a connection and a thread of its own.
    ///
    /// The server's `statement_timeout` is off there: a migration takes the time it takes, up to the deadline.
    ///
    /// - Parameters:
    ///   - configuration: whom to call, without a transaction pooler between.
    ///   - deadline: from now, for the wait and all migrations.
    /// - Returns: the state afterwards.
    /// - Throws: ``PostgresError``, of kind `migration` where migrations and database do not fit together.
    @discardableResult
    public func migrate(
        _ configuration: PostgresConfiguration,
        deadline: Duration
    ) async throws -> MigrationState {
        guard configuration.preparedStatements else { throw PostgresError.migration(.needsSession) }
        let end = ContinuousClock.now + deadline
        var configuration = configuration
        configuration.statementTimeout = .zero
        return try await PostgresThread.run(named: "pg-migrate") { [configuration] in
            let connection = try PostgresConnection.connect(configuration)
            return try migrate(connection, until: end)
        }
    }

    /// Compares a database with this program's migrations, changing nothing.
    ///
    /// - Parameter connection: an idle connection.
    /// - Returns: what is applied and what is not.
    /// - Throws: ``PostgresError``, of kind `migration` where migrations and database do not fit together.
    public func state(on connection: PostgresConnection) throws(PostgresError) -> MigrationState {
        let exists = try connection.query(Self.tableExists).first?.bool(0) ?? false
        let applied = exists ? try Self.read(connection) : []
        let known = try connection.query(
            Self.checksums,
            .int4Array(migrations.map { Int32(truncatingIfNeeded: $0.number) }),
            .textArray(migrations.map(\.text))
        )
        var checksums: [Int: String] = [:]
        for row in known { checksums[Int(try row.int4(0))] = try row.text(1) }
        return try compare(applied, checksums)
    }

    private func migrate(
        _ connection: PostgresConnection,
        until deadline: ContinuousClock.Instant
    ) throws -> MigrationState {
        try Self.lock(connection, until: deadline)
        try connection.execute(script: Self.createTable)
        let state = try state(on: connection)
        for number in state.pending { try apply(migrations[number - 1], on: connection) }
        // The lock ends with the connection, which the caller drops.
        return MigrationState(applied: migrations.map(\.number), pending: [], newer: state.newer)
    }

    private func apply(_ migration: Migration, on connection: PostgresConnection) throws {
        let number = migration.number
        let parameters: [PostgresValue] = [
            .int4(Int32(truncatingIfNeeded: number)), .text(migration.name), .text(migration.text),
            .optionalText(migration.breaking),
        ]
        guard migration.isTransactional else {
            try connection.execute(script: migration.text)
            try connection.query(Self.note, parameters: parameters)
            return
        }
        try connection.transaction { connection in
            try connection.query(Self.note, parameters: parameters)
            try connection.execute(script: migration.text)
            guard !connection.isIdle else { throw PostgresError.migration(.endedTransaction(number: number)) }
        }
    }

    private func compare(
        _ applied: [Applied],
        _ checksums: [Int: String]
    ) throws(PostgresError) -> MigrationState {
        var newer: [Int] = []
        for (index, row) in applied.enumerated() {
            guard row.number == index + 1 else { throw .migration(.gap(number: index + 1)) }
            if let checksum = checksums[row.number] {
                guard checksum == row.checksum else {
                    throw .migration(.checksumChanged(number: row.number, name: row.name))
                }
            } else if let reason = row.breaking {
                throw .migration(.newerBreaking(number: row.number, name: row.name, reason: reason))
            } else {
                newer.append(row.number)
            }
        }
        let numbers = migrations.map(\.number)
        return MigrationState(
            applied: numbers.filter { $0 <= applied.count },
            pending: numbers.filter { $0 > applied.count },
            newer: newer
        )
    }
}

extension Migrator {
    private struct Applied {
        let number: Int
        let name: String
        let checksum: String
        let breaking: String?
    }

    private static let tryLock = PostgresStatement(
        name: "migrator_lock",
        text: "select pg_try_advisory_lock($1::int8)"
    )

    private static let createTable = """
        create schema if not exists lastcall;
        create table if not exists lastcall.schema_migrations (
            number int primary key,
            name text not null,
            checksum text not null,
            breaking text,
            applied_at timestamptz not null default now()
        )
        """

    private static let tableExists = PostgresStatement(
        name: "migrator_table_exists",
        text: "select to_regclass('lastcall.schema_migrations') is not null",
        access: .readOnly
    )

    private static let appliedRows = PostgresStatement(
        name: "migrator_applied",
        text: "select number, name, checksum, breaking from lastcall.schema_migrations order by number",
        access: .readOnly
    )

    private static let checksums = PostgresStatement(
        name: "migrator_checksums",
        text: """
            select m.number, encode(sha256(convert_to(m.text, 'UTF8')), 'hex')
            from unnest($1::int[], $2::text[]) as m (number, text)
            """,
        access: .readOnly
    )

    private static let note = PostgresStatement(
        name: "migrator_note",
        text: """
            insert into lastcall.schema_migrations (number, name, checksum, breaking)
            values ($1::int, $2::text, encode(sha256(convert_to($3::text, 'UTF8')), 'hex'), $4::text)
            """
    )

    /// Tries until the lock is free. A statement that blocks on it would hold a snapshot, and `create index
    /// concurrently` in the process that has the lock would wait for that snapshot to go.
    private static func lock(
        _ connection: PostgresConnection,
        until deadline: ContinuousClock.Instant
    ) throws(PostgresError) {
        // The attempts get more time than there is, so that the error tells of the lock and not of a statement.
        connection.deadline = deadline + connection.configuration.connectTimeout
        defer { connection.deadline = deadline }
        while try connection.query(tryLock, .int8(lockKey)).first?.bool(0) != true {
            guard ContinuousClock.now < deadline else { throw .migration(.locked) }
            usleep(UInt32.random(in: 20_000...60_000))
        }
    }

    private static func read(_ connection: PostgresConnection) throws(PostgresError) -> [Applied] {
        var applied: [Applied] = []
        for row in try connection.query(appliedRows) {
            applied.append(
                Applied(
                    number: Int(try row.int4(0)),
                    name: try row.text(1),
                    checksum: try row.text(2),
                    breaking: try row.optionalText(3)
                )
            )
        }
        return applied
    }
}
