import LastcallTestKit
import PostgresClient
import Testing

@Suite("Transactions", .emptyDatabase)
struct PostgresTransactionTests {
    struct Refusal: Error, Hashable {}

    let connection: PostgresConnection

    init() throws {
        connection = try connect()
        try connection.execute(script: "create table t (n int primary key)")
    }

    func numbers() throws -> [Int32] {
        try connection.query(sql("select n from t order by n")).map { try $0.int4(0) }
    }

    func insert(_ number: Int32) throws {
        try connection.query(sql("insert into t values ($1)"), .int4(number))
    }

    @Test("what the body did is there when it returns")
    func commits() throws {
        let answer = try connection.transaction { _ in
            try insert(1)
            try insert(2)
            return "done"
        }
        #expect(answer == "done")
        #expect(try numbers() == [1, 2])
        #expect(connection.isIdle)
    }

    @Test("nothing of it is there when the body throws, and the body's error comes through")
    func rollsBack() throws {
        #expect(throws: Refusal()) {
            try connection.transaction { _ in
                try insert(1)
                throw Refusal()
            }
        }
        #expect(try numbers() == [])
        #expect(connection.isIdle)
    }

    @Test("a statement's error that the body swallows fails the commit")
    func swallowedError() throws {
        try insert(1)
        #expect(throws: PostgresError.commitRolledBack) {
            try connection.transaction { _ in
                try insert(2)
                #expect(throws: PostgresError.self) { try insert(1) }
            }
        }
        #expect(try numbers() == [1])
        #expect(connection.isIdle)
    }

    @Test("a transaction inside another is refused and spoils nothing")
    func nested() throws {
        try connection.transaction { connection in
            try insert(1)
            #expect(throws: PostgresError.transactionMisuse("begun inside another")) {
                try connection.transaction { _ in try insert(2) }
            }
        }
        #expect(try numbers() == [1])
    }

    @Test("a body that ends the transaction by hand is found out")
    func endedByHand() throws {
        #expect(throws: PostgresError.transactionMisuse("ended by hand")) {
            try connection.transaction { try $0.execute(script: "rollback") }
        }
    }

    @Test("a constraint that is checked at the commit fails it, and nothing is in doubt")
    func deferredConstraint() throws {
        try connection.execute(script: "create table d (n int unique deferrable initially deferred)")
        let error = #expect(throws: PostgresError.self) {
            try connection.transaction { try $0.execute(script: "insert into d values (1), (1)") }
        }
        #expect(error?.sqlState == "23505")
        #expect(connection.isIdle)
    }

    @Test("any WARNING on a commit puts it in doubt; of a statement alone only that of a standby's wait does")
    func warningOnCommit() throws {
        try connection.execute(
            script: """
                create function warn() returns trigger language plpgsql as $$
                begin raise warning 'late'; return null; end $$;
                create constraint trigger warns after insert on t deferrable initially deferred
                for each row execute function warn()
                """
        )
        #expect(throws: PostgresError.outcomeUnknown("late")) {
            try connection.transaction { _ in try insert(1) }
        }
        try insert(2)
        #expect(try numbers() == [1, 2])
    }

    @Test(
        "options reach the server",
        arguments: [
            (TransactionOptions(), "read committed", "off", "on"),
            (TransactionOptions(isolation: .repeatableRead), "repeatable read", "off", "on"),
            (TransactionOptions(isolation: .serializable, isReadOnly: true), "serializable", "on", "on"),
            (TransactionOptions(isDurable: false), "read committed", "off", "off"),
        ]
    )
    func options(options: TransactionOptions, isolation: String, readOnly: String, durable: String) throws {
        let row = try connection.transaction(options) { connection in
            try connection.query(
                sql(
                    """
                    select current_setting('transaction_isolation'), current_setting('transaction_read_only'), \
                    current_setting('synchronous_commit')
                    """
                )
            ).first
        }
        #expect(try (0..<3).map { try row?.text($0) } == [isolation, readOnly, durable])
        #expect(try connection.query(sql("show synchronous_commit")).first?.text(0) == "on")
    }

    @Test("where no session can be relied on, each transaction sets its limits for itself alone")
    func limitsPerTransaction() throws {
        let connection = try connect(preparedStatements: false)
        let limits = sql("select current_setting('statement_timeout'), current_setting('lock_timeout')")
        let inside = try connection.transaction { try $0.query(limits).first }
        #expect(try inside?.text(0) == "10s")
        #expect(try inside?.text(1) == "5s")
        let outside = try connection.query(limits).first
        #expect(try outside?.text(0) == "0")
        #expect(try outside?.text(1) == "0")
    }

    @Test("a deadline that passed before the commit was sent leaves nothing in doubt")
    func deadlineBeforeCommit() throws {
        #expect(throws: PostgresError.timeout) {
            try connection.transaction { connection in
                try insert(1)
                connection.deadline = .now
            }
        }
        connection.deadline = nil
        #expect(connection.isIdle)
        #expect(try numbers() == [])
    }
}
