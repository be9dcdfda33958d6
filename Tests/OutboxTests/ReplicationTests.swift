import LastcallTestKit
import LogoutModel
import Outbox
import PostgresClient
import Testing

/// A server of its own, which waits for a standby that does not exist wherever it is told to wait.
@Suite("What a standby must have", .timeLimit(.minutes(30)))
struct ReplicationTests {
    private let cluster: ScratchCluster
    private let database: String

    init() async throws {
        cluster = try ScratchCluster(settings: [
            "synchronous_standby_names": "nobody", "synchronous_commit": "local",
        ])
        database = try await cluster.createDatabase()
        try await Migrator(OutboxSchema.migrations()).migrate(configuration(), deadline: .seconds(60))
    }

    private func configuration() throws -> PostgresConfiguration {
        try PostgresConfiguration(connectionString: cluster.connectionString(database: database))
    }

    /// A crash, or the end of the session, makes an event visible whose commit waits for the standby.
    @Test("an event that no standby has is not confirmed to a client that asks again, however visible it is")
    func replay() async throws {
        var store = Workbench.store(try PostgresPool(configuration: configuration(), size: 2))
        let issuer = try await Workbench.putIssuer("acme", in: store)
        var request = LogoutEventRequest(issuerKey: issuer, scope: .targets([]), actor: "test")
        request.idempotencyKeyHash = hash("key")
        #expect(try await store.acceptAll([request], within: 3_600).first?.word == "fresh")
        #expect(try await store.acceptAll([request], within: 3_600).first?.word == "replay")

        try await cluster.execute("alter database \(database) set synchronous_commit = on")
        store = Workbench.store(try PostgresPool(configuration: configuration(), size: 2))
        store.deadline = .milliseconds(500)
        let asking = store
        let error = await #expect(throws: PostgresError.self) {
            try await asking.acceptAll([request], within: 3_600)
        }
        #expect(error == .outcomeUnknown("no answer before the deadline"))
    }
}
