import DeliveryWorker
import IntakeAPI
import Outbox
import PostgresClient

/// Asks the database and the worker whether this process should be given work.
struct ReadinessProbe: Sendable {
    let store: OutboxStore
    let pool: PostgresPool
    let worker: DeliveryWorker?
    let lease: Duration

    func readiness() async -> Readiness {
        let lag = worker?.settlerLag ?? .zero
        var readiness = Readiness(
            isReady: false,
            database: "unavailable",
            schema: "unknown",
            durability: nil,
            settlerLagSeconds: lag.inSeconds
        )
        do {
            let health = try await store.health(within: .milliseconds(900))
            readiness.durability = health.durability
            readiness.lossWindowSeconds = health.lossWindowSeconds
            readiness.database = "ok"
            let state = try await pool.withConnection(deadline: .milliseconds(500)) { connection in
                try Database.migrator().state(on: connection)
            }
            guard state.pending.isEmpty else {
                readiness.schema = "pending"
                return readiness
            }
            let role = try await store.tenantRole(within: .milliseconds(400))
            readiness.schema = role == .ready ? "current" : "role_\(role.rawValue)"
            // Told, and no reason to be given no work: what has no partition goes to a default one.
            let partitions = try? await store.partitions(within: .milliseconds(200))
            readiness.partitionDaysAhead = partitions?.map(\.daysAhead).min()
            readiness.defaultPartitionRows = partitions?.map(\.defaultRows).reduce(0, +)
        } catch PostgresError.migration {
            readiness.schema = "incompatible"
        } catch {
            readiness.database = "unavailable"
        }
        // A settler that lags by a third of the lease is about to send what was sent already.
        readiness.isReady =
            readiness.database == "ok" && readiness.schema == "current" && lag < lease / 3
            && worker?.clocksAgree != false
        return readiness
    }
}
