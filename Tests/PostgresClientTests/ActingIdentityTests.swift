import LastcallTestKit
import PostgresClient
import Testing

@Suite("Acting as somebody else", .emptyDatabase)
struct ActingIdentityTests {
    static let identity = ActingIdentity(
        role: "acting \"test\"",
        setting: "acting.value",
        value: #"it's \ "7""#
    )
    static let who = sql(
        "select current_user::text || ' ' || coalesce(current_setting('acting.value', true), '')",
        .readOnly
    )
    static let acting = #"acting "test" it's \ "7""#

    /// Roles belong to the cluster, which other tests share.
    static func connection(preparedStatements: Bool) throws -> PostgresConnection {
        let connection = try connect(preparedStatements: preparedStatements)
        try connection.execute(
            script:
                #"do $$ begin create role "acting ""test"""; exception when duplicate_object or unique_violation then null; end $$"#
        )
        return connection
    }

    func who(_ connection: PostgresConnection) throws -> String? {
        try connection.query(Self.who).first?.text(0)
    }

    @Test("one statement acts, and nothing is left on the connection", arguments: [true, false])
    func oneStatement(preparedStatements: Bool) throws {
        let connection = try Self.connection(preparedStatements: preparedStatements)
        let before = try who(connection)
        for _ in 0..<3 {
            let rows = try connection.query(Self.who, parameters: [], as: Self.identity)
            #expect(try rows.first?.text(0) == Self.acting)
            #expect(connection.isIdle)
            #expect(try who(connection) == before)
        }
    }

    @Test("a transaction acts to its end, however it ends", arguments: [true, false])
    func transaction(preparedStatements: Bool) throws {
        let connection = try Self.connection(preparedStatements: preparedStatements)
        let before = try who(connection)
        let options = TransactionOptions(identity: Self.identity)
        let inside = try connection.transaction(options) { try who($0) }
        #expect(inside == Self.acting)
        #expect(try who(connection) == before)
        #expect(throws: PostgresError.closed) {
            try connection.transaction(options) { _ in throw PostgresError.closed }
        }
        #expect(try who(connection) == before)
    }

    @Test("a statement that fails says why, and the next one works", arguments: [true, false])
    func failure(preparedStatements: Bool) throws {
        let connection = try Self.connection(preparedStatements: preparedStatements)
        try connection.execute(script: "create table t (n int)")
        let failing = [
            ("select 1 / $1::int4", "22012"), ("select count(*) from t where n = $1::int4", "42501"),
        ]
        for (text, state) in failing {
            let error = #expect(throws: PostgresError.self) {
                try connection.query(sql(text, .readOnly), parameters: [.int4(0)], as: Self.identity)
            }
            #expect(error?.sqlState?.code == state)
            let rows = try connection.query(Self.who, parameters: [], as: Self.identity)
            #expect(try rows.first?.text(0) == Self.acting)
        }
    }

    @Test("a role that is not there runs nothing", arguments: [true, false])
    func noRole(preparedStatements: Bool) throws {
        let connection = try Self.connection(preparedStatements: preparedStatements)
        let nobody = ActingIdentity(role: "nobody of the tests", setting: "acting.value", value: "7")
        let error = #expect(throws: PostgresError.self) {
            try connection.query(Self.who, parameters: [], as: nobody)
        }
        #expect(error?.sqlState?.code == "22023")
        #expect(throws: PostgresError.self) {
            try connection.transaction(TransactionOptions(identity: nobody)) { _ in
                Issue.record("the transaction began")
            }
        }
        #expect(try who(connection)?.hasPrefix("postgres") == true && connection.isIdle)
    }

    @Test("what changes something, and what is inside a transaction, is refused")
    func misuse() throws {
        let connection = try Self.connection(preparedStatements: true)
        let writing = sql("select 1")
        #expect(throws: PostgresError.statementMisuse(name: writing.name)) {
            try connection.query(writing, parameters: [], as: Self.identity)
        }
        try connection.transaction { connection in
            #expect(throws: PostgresError.transactionMisuse("begun inside another")) {
                try connection.query(Self.who, parameters: [], as: Self.identity)
            }
        }
        connection.close()
        #expect(throws: PostgresError.closed) {
            try connection.query(Self.who, parameters: [], as: Self.identity)
        }
    }

    @Test("statements that the server has lost are prepared anew")
    func lostStatements() throws {
        let connection = try Self.connection(preparedStatements: true)
        for _ in 0..<2 {
            let rows = try connection.query(Self.who, parameters: [], as: Self.identity)
            #expect(try rows.first?.text(0) == Self.acting)
            try connection.execute(script: "deallocate all")
        }
    }
}
