import LastcallTestKit
import PostgresClient
import Testing

@testable import Outbox

@Suite("What an acknowledged commit survives", .timeLimit(.minutes(30)))
struct DurabilityTests {
    /// `synchronous_commit`, whether standbys are named to wait for, how many of those are there, how many in all.
    @Test(
        "the settings and the standbys that are there decide",
        arguments: [
            ("on", false, 0, 0, .local), ("on", false, 0, 1, .asyncRisk), ("on", true, 1, 1, .sync),
            ("remote_apply", true, 1, 2, .sync), ("remote_write", true, 1, 1, .sync),
            ("on", true, 0, 0, .local), ("on", true, 0, 1, .asyncRisk), ("local", true, 1, 1, .asyncRisk),
            ("local", false, 0, 0, .local), ("off", false, 0, 0, .asyncRisk), ("off", true, 1, 1, .asyncRisk),
        ] as [(String, Bool, Int, Int, DatabaseHealth.Durability)]
    )
    func judged(
        commit: String,
        names: Bool,
        synchronous: Int,
        standbys: Int,
        expected: DatabaseHealth.Durability
    ) {
        let judged = DatabaseHealth.Durability.judged(
            synchronousCommit: commit,
            hasSynchronousNames: names,
            synchronousStandbys: synchronous,
            standbys: standbys
        )
        #expect(judged == expected)
    }

    @Test(
        "a server alone is local, and async_risk where it does not wait for its disk",
        arguments: [("on", DatabaseHealth.Durability.local), ("off", .asyncRisk)]
    )
    func server(commit: String, expected: DatabaseHealth.Durability) async throws {
        let cluster = try ScratchCluster(settings: ["synchronous_commit": commit])
        let configuration = try PostgresConfiguration(
            connectionString: cluster.connectionString(database: try await cluster.createDatabase())
        )
        try await Migrator(OutboxSchema.migrations()).migrate(configuration, deadline: .seconds(60))
        let health = try await Workbench.store(try PostgresPool(configuration: configuration, size: 1))
            .health()
        #expect(health.durability == expected)
        #expect(health.lossWindowSeconds == nil)
    }
}
