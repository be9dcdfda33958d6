import Glibc
import LastcallSQL
import LastcallTestKit
import PostgresClient
import Testing

@testable import Chaos

@Suite("A cluster to be broken", .timeLimit(.minutes(30)))
struct ChaosPostgresTests {
    private static let insert = PostgresStatement(name: "insert", text: "insert into t values (1)")

    /// As the product connects.
    private func connect(_ postgres: ChaosPostgres) throws -> PostgresConnection {
        try PostgresConnection.connect(try PostgresConfiguration(connectionString: postgres.connectionString))
    }

    private func prepare(_ postgres: ChaosPostgres) throws {
        try connect(postgres).execute(script: "create table t (n int)")
    }

    @Test(
        "a commit waits for a synchronous standby that has gone silent; what was answered is there after a failover"
    )
    func synchronous() throws {
        let postgres = try ChaosPostgres(setup: WorldSetup { $0.standby = .synchronous }, folder: "/var/tmp")
        defer { postgres.close() }
        try prepare(postgres)
        try connect(postgres).query(Self.insert)
        let connection = try connect(postgres)
        postgres.standby?.signalAll(SIGSTOP)
        connection.deadline = .now + .milliseconds(200)
        let error = #expect(throws: PostgresError.self) { try connection.query(Self.insert) }
        #expect(error == .outcomeUnknown("no answer before the deadline"))
        postgres.standby?.signalAll(SIGCONT)
        try postgres.stopImmediate()
        try postgres.promoteStandby()
        #expect(try postgres.number("select count(*) from t") >= 1)
        try connect(postgres).query(Self.insert)
    }

    @Test("what a failover would lose is how far the best standby is behind, and nothing once it has all")
    func lossWindow() async throws {
        let postgres = try ChaosPostgres(setup: WorldSetup { $0.standby = .asynchronous }, folder: "/var/tmp")
        defer { postgres.close() }
        try prepare(postgres)
        let connection = try connect(postgres)
        func window() throws -> Double? {
            let clock = PostgresStatement(
                name: "clock",
                text: SQLText.database_clock.text,
                access: .readOnly
            )
            return try connection.query(clock).first?.optionalFloat8(6)
        }
        try await eventually("the standby to have all") { try window() == 0 }
        postgres.standby?.signalAll(SIGSTOP)
        try connection.query(Self.insert)
        var seen = 0.0
        try await eventually("the window to grow") {
            let now = try #require(try window())
            defer { seen = now }
            return seen > 0 && now > seen
        }
        postgres.standby?.signalAll(SIGCONT)
        try await eventually("the standby to have all again") { try window() == 0 }
        // Nothing is known where there is no standby.
        try postgres.standby?.stop()
        try await eventually("the standby to be missed") { try window() == nil }
    }

    @Test("the product's sessions are ended, a crash is recovered from, and nothing answered is lost")
    func crash() throws {
        let postgres = try ChaosPostgres(setup: WorldSetup { $0.viaProxy = true }, folder: "/var/tmp")
        defer { postgres.close() }
        try prepare(postgres)
        let connection = try connect(postgres)
        try connection.query(Self.insert)
        #expect(try postgres.terminateBackends() == 1)
        #expect(throws: PostgresError.self) { try connection.query(Self.insert) }
        try postgres.restart()
        #expect(try postgres.number("select count(*) from t") == 1)
    }
}
