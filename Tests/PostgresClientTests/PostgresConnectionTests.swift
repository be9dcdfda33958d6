import LastcallTestKit
import PostgresClient
import Synchronization
import Testing

@Suite("Connection", .emptyDatabase)
struct PostgresConnectionTests {
    @Test("a statement is prepared once and runs as often as it is asked to")
    func preparesOnce() throws {
        let connection = try connect()
        for number in Int32(0)..<5 {
            #expect(try connection.query(sql("select $1 + 1"), .int4(number)).first?.int4(0) == number + 1)
        }
        let prepared = try connection.query(sql("select count(*) from pg_prepared_statements")).first
        #expect(try prepared?.int8(0) == 2)
    }

    @Test("without prepared statements the session keeps nothing")
    func unprepared() throws {
        let connection = try connect(preparedStatements: false)
        #expect(try connection.query(sql("select $1 + 1"), .int4(1)).first?.int4(0) == 2)
        let row = try connection.query(
            sql(
                """
                select (select count(*) from pg_prepared_statements), \
                (select count(*) from pg_settings where source = 'session' and name like '%timeout')
                """
            )
        ).first
        #expect(try row?.int8(0) == 0)
        #expect(try row?.int8(1) == 0)
    }

    @Test("one name with two texts, or with other types, is refused")
    func misuse() throws {
        let connection = try connect()
        try connection.query(PostgresStatement(name: "a", text: "select $1::int8"), .int8(1))
        #expect(throws: PostgresError.statementMisuse(name: "a")) {
            try connection.query(PostgresStatement(name: "a", text: "select $1::int8 + 1"), .int8(1))
        }
        #expect(throws: PostgresError.statementMisuse(name: "a")) {
            try connection.query(PostgresStatement(name: "a", text: "select $1::int8"), .timestamp(1))
        }
        #expect(throws: PostgresError.statementMisuse(name: "a")) {
            try connection.query(PostgresStatement(name: "a", text: "select $1::int8"), .int8(1), .int8(1))
        }
    }

    @Test("NULL may come before a value and after it")
    func nullBesideValue() throws {
        let connection = try connect()
        let statement = sql("select $1::text")
        #expect(try connection.query(statement, .null).first?.optionalText(0) == nil)
        #expect(try connection.query(statement, .text("a")).first?.text(0) == "a")
        #expect(try connection.query(statement, .null).first?.optionalText(0) == nil)
    }

    @Test("a prepared statement that the server has lost is prepared again")
    func lostStatement() throws {
        let connection = try connect()
        let statement = sql("select 1")
        try connection.query(statement)
        try connection.execute(script: "deallocate all")
        #expect(try connection.query(statement).first?.int4(0) == 1)
    }

    @Test("a prepared statement whose columns a migration changed is prepared again")
    func changedColumns() throws {
        let connection = try connect()
        try connection.execute(script: "create table t (a int4); insert into t values (1)")
        let statement = sql("select * from t")
        #expect(try connection.query(statement).first?.int4(0) == 1)
        try connection.execute(script: "alter table t alter a type int8")
        #expect(try connection.query(statement).first?.int8(0) == 1)
    }

    @Test("inside a transaction a lost statement is an error, since the transaction is spoilt")
    func lostStatementInTransaction() throws {
        let connection = try connect()
        let statement = sql("select 1")
        try connection.query(statement)
        try connection.execute(script: "deallocate all")
        let error = #expect(throws: PostgresError.self) {
            try connection.transaction { try $0.query(statement) }
        }
        #expect(error?.sqlState == "26000")
        #expect(try connection.query(statement).first?.int4(0) == 1)
    }

    @Test("a server's refusal carries its code, words, detail and constraint")
    func serverError() throws {
        let connection = try connect()
        try connection.execute(
            script: "create table t (n int constraint t_once unique); insert into t values (7)"
        )
        let expected = PostgresError.server(
            sqlState: "23505",
            message: "duplicate key value violates unique constraint \"t_once\"",
            detail: "Key (n)=(7) already exists.",
            constraint: "t_once"
        )
        #expect(throws: expected) { try connection.query(sql("insert into t values ($1)"), .int4(7)) }
        #expect(connection.isIdle)
    }

    @Test("an error that comes only with the commit of a statement is not taken for success")
    func deferredConstraint() throws {
        let connection = try connect()
        try connection.execute(
            script: "create table t (n int unique deferrable initially deferred); insert into t values (7)"
        )
        let error = #expect(throws: PostgresError.self) {
            try connection.query(sql("insert into t values ($1)"), .int4(7))
        }
        #expect(error?.sqlState == "23505")
    }

    @Test("a script runs as a whole or not at all")
    func script() throws {
        let connection = try connect()
        let error = #expect(throws: PostgresError.self) {
            try connection.execute(script: "create table t (n int); select 1/0; create table u (n int)")
        }
        #expect(error?.sqlState == "22012")
        let row = try connection.query(sql("select to_regclass('t') is null and to_regclass('u') is null"))
            .first
        #expect(try row?.bool(0) == true)
        #expect(throws: PostgresError.invalidText(parameter: 0)) {
            try connection.execute(script: "select 1\0")
        }
    }

    @Test("COPY is refused and costs the connection")
    func copy() throws {
        let connection = try connect()
        #expect(throws: PostgresError.statementMisuse(name: "COPY")) {
            try connection.execute(script: "copy (select 1) to stdout")
        }
        #expect(throws: PostgresError.closed) { try connection.execute(script: "select 1") }
    }

    @Test("the session has the configured limits")
    func settings() throws {
        var configuration = try ScratchDatabase.current.configuration
        configuration.statementTimeout = .milliseconds(1234)
        configuration.lockTimeout = .milliseconds(2345)
        configuration.idleInTransactionTimeout = .milliseconds(3456)
        configuration.clientCheckInterval = .milliseconds(4567)
        let row = try PostgresConnection.connect(configuration).query(
            sql(
                """
                select current_setting('statement_timeout'), current_setting('lock_timeout'), \
                current_setting('idle_in_transaction_session_timeout'), \
                current_setting('client_connection_check_interval'), current_setting('client_encoding'), \
                current_setting('application_name')
                """
            )
        ).first
        #expect(
            try (0..<6).map { try row?.text($0) } == ["1234ms", "2345ms", "3456ms", "4567ms", "UTF8", "test"]
        )
    }

    @Test("the server ends a statement that takes longer than allowed")
    func statementTimeout() throws {
        var configuration = try ScratchDatabase.current.configuration
        configuration.statementTimeout = .milliseconds(20)
        let connection = try PostgresConnection.connect(configuration)
        let error = #expect(throws: PostgresError.self) { try connection.query(sql("select pg_sleep(60)")) }
        #expect(error?.sqlState == "57014")
        #expect(connection.isIdle)
    }

    @Test("notices reach the handler and put nothing in doubt")
    func notices() throws {
        let seen = Mutex<[PostgresNotice]>([])
        let connection = try connect { notice in seen.withLock { $0.append(notice) } }
        let raise = sql(
            "do $$ begin raise notice 'n'; raise warning using message = 'w', errcode = 'LC001'; end $$"
        )
        try connection.query(raise)
        try connection.transaction { try $0.query(raise) }
        let pair = [
            PostgresNotice(severity: "NOTICE", sqlState: "00000", message: "n"),
            PostgresNotice(severity: "WARNING", sqlState: "LC001", message: "w"),
        ]
        #expect(seen.withLock { $0 } == pair + pair)
    }

    @Test("a closed connection says so")
    func closed() throws {
        let connection = try connect()
        #expect(connection.isOpen)
        connection.close()
        #expect(!connection.isOpen)
        #expect(!connection.isIdle)
        #expect(connection.backendPID == 0)
        #expect(throws: PostgresError.closed) { try connection.query(sql("select 1")) }
        #expect(throws: PostgresError.closed) { try connection.transaction { _ in } }
    }

    @Test("a host that is not there is a connection error without the password")
    func unreachable() throws {
        let configuration = try PostgresConfiguration(
            connectionString: "host=/nowhere user=u password=hunter2"
        )
        let error = #expect(throws: PostgresError.self) { try PostgresConnection.connect(configuration) }
        #expect(error?.isConnection == true)
        #expect(error?.description.contains("hunter2") == false)
        #expect(error?.description.contains("/nowhere") == true)
    }

    @Test("a host that is not there is passed over for the next one")
    func nextHost() throws {
        let database = try ScratchDatabase.current
        let configuration = try PostgresConfiguration(
            connectionString:
                "host=/nowhere,\(database.cluster.directory) user=postgres dbname=\(database.name)"
        )
        let connection = try PostgresConnection.connect(configuration)
        #expect(try connection.query(sql("select 1")).first?.int4(0) == 1)
    }

    @Test("of several hosts only one that takes writes is good enough, unless the string says otherwise")
    func readOnlyHost() throws {
        let database = try ScratchDatabase.current
        try connect().execute(
            script: "alter database \(database.name) set default_transaction_read_only = on"
        )
        let hosts = "host=/nowhere,\(database.cluster.directory) user=postgres dbname=\(database.name)"
        let writing = try PostgresConfiguration(connectionString: hosts)
        let error = #expect(throws: PostgresError.self) { try PostgresConnection.connect(writing) }
        #expect(error?.isConnection == true)
        for wanted in ["any", "prefer-standby"] {
            let any = try PostgresConfiguration(connectionString: hosts + " target_session_attrs=\(wanted)")
            #expect(try PostgresConnection.connect(any).isIdle)
        }
    }
}
