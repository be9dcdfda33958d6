import LastcallTestKit
import PostgresClient
import Testing

@testable import Chaos

@Suite("Cutting proxy", .emptyDatabase, .timeLimit(.minutes(30)))
struct CuttingProxyTests {
    /// How a client writes a row.
    enum Write: String, CaseIterable {
        case prepared, unprepared, transaction

        func perform(_ connection: PostgresConnection) throws {
            let insert = PostgresStatement(
                name: "accept",
                text: "-- Accept logout events in one commit\ninsert into t values (1)"
            )
            switch self {
            case .prepared, .unprepared: try connection.query(insert)
            case .transaction: try connection.transaction { try $0.query(insert) }
            }
        }
    }

    let database: ScratchDatabase
    let proxy: CuttingProxy
    let observer: PostgresConnection

    init() throws {
        database = try ScratchDatabase.current
        proxy = try CuttingProxy(upstream: database.cluster.directory + "/.s.PGSQL.5432")
        observer = try PostgresConnection.connect(try database.configuration)
        try observer.execute(script: "create table t (n int)")
    }

    func connect(_ change: (inout PostgresConfiguration) -> Void = { _ in }) throws -> PostgresConnection {
        var configuration = try PostgresConfiguration(
            connectionString: "host=127.0.0.1 port=\(proxy.port) user=postgres dbname=\(database.name)"
        )
        change(&configuration)
        return try PostgresConnection.connect(configuration)
    }

    func rows() throws -> Int64 {
        let count = PostgresStatement(name: "count", text: "select count(*) from t", access: .readOnly)
        return try observer.query(count).first?.int8(0) ?? -1
    }

    @Test(
        "a commit that is cut is in doubt for the client; before it was sent it is not done, after it, it is",
        arguments: CutPlace.allCases,
        Write.allCases
    )
    func cut(place: CutPlace, write: Write) async throws {
        defer { proxy.close() }
        proxy.cut(place, statement: .accept, count: 1)
        let connection = try connect { $0.preparedStatements = write != .unprepared }
        let error = #expect(throws: PostgresError.self) { try write.perform(connection) }
        guard case .outcomeUnknown = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(proxy.cuts.map(\.place) == [place])
        // The server hears of the cut when it next reads.
        try await eventually("the server to let go") { proxy.connections == 0 }
        #expect(try rows() == (place == .afterCommitSent ? 1 : 0))
        // The order was for one, and for no other kind.
        try write.perform(try connect())
        #expect(proxy.cutsToCome == 0)
    }

    @Test("another statement is not cut")
    func otherStatement() throws {
        defer { proxy.close() }
        for statement in [StatementClass.claim, .settle, .audit] {
            proxy.cut(.beforeCommitSent, statement: statement, count: 1)
        }
        try Write.prepared.perform(try connect())
        #expect(proxy.cuts.isEmpty)
        #expect(try rows() == 1)
    }

    @Test("what a blackhole has swallowed arrives late, when nobody waits for it any more")
    func blackhole() async throws {
        defer { proxy.close() }
        let connection = try connect()
        // Prepared before, so that the statement is what is swallowed.
        try Write.prepared.perform(connection)
        proxy.blackhole()
        connection.deadline = .now + .milliseconds(100)
        #expect(throws: PostgresError.self) { try Write.prepared.perform(connection) }
        #expect(throws: PostgresError.self) { try connect { $0.connectTimeout = .milliseconds(100) } }
        #expect(try rows() == 1)
        proxy.heal()
        try await eventually("the late row") { try rows() == 2 }
    }

    @Test("a half-dead connection is silent while new ones work, and is ended at last")
    func halfDead() async throws {
        defer { proxy.close() }
        let connection = try connect()
        proxy.halfKill()
        connection.deadline = .now + .milliseconds(100)
        #expect(throws: PostgresError.self) { try Write.prepared.perform(connection) }
        try Write.prepared.perform(try connect())
        #expect(try rows() == 1)
        proxy.heal()
        try await eventually("the end of both") { proxy.connections == 0 }
    }

    @Test("a port that refuses is the same one when it is healed")
    func refuse() throws {
        defer { proxy.close() }
        let connection = try connect()
        proxy.refuse()
        let error = #expect(throws: PostgresError.self) { try connect() }
        #expect(error?.description.contains("refused") == true)
        #expect(throws: PostgresError.self) { try Write.prepared.perform(connection) }
        proxy.heal()
        try Write.prepared.perform(try connect())
        #expect(try rows() == 1)
    }

    @Test("a delay holds answers up")
    func delay() throws {
        defer { proxy.close() }
        let connection = try connect()
        try Write.prepared.perform(connection)
        proxy.delay(.seconds(2))
        connection.deadline = .now + .milliseconds(100)
        #expect(throws: PostgresError.self) { try Write.prepared.perform(connection) }
        proxy.heal()
        try Write.prepared.perform(try connect())
    }

    @Test("large statements and large answers pass unchanged")
    func large() throws {
        defer { proxy.close() }
        let connection = try connect()
        let echo = PostgresStatement(name: "echo", text: "select $1::text", access: .readOnly)
        let text = String(repeating: "Lastcall ", count: 500_000)
        #expect(try connection.query(echo, .text(text)).first?.text(0) == text)
    }
}
