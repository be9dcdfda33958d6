import DeliveryPolicy
import DeliveryWorker
import LastcallTestKit
import Logging
import LogoutModel
import Outbox
import PostgresClient
import Synchronization
import Testing

@Suite("Settler", .lastcallDatabase, .serialized)
struct SettlerTests {
    /// Claims everything of a client and makes outcomes of it.
    private func outcomes(
        _ bench: Bench,
        _ event: AcceptedEvent,
        worker: Int32,
        error: (Int) -> String? = { _ in nil }
    ) async throws -> [Settler.Entry] {
        let lane = try #require(event.lanes.first)
        let claim = LaneClaim(client: lane, lowWater: Timestamp(microseconds: .min), quota: 1_000)
        let defaults = ClaimDefaults(
            leaseSeconds: 60,
            marginSeconds: 3,
            maxInFlight: 1_000,
            attemptTimeoutSeconds: 5
        )
        let batch = try await bench.store.claim([claim], limit: 1_000, worker: worker, defaults: defaults)
        let known = try #require(try await bench.store.configurations(ofClients: [lane]).clients.first)
        let recipient = Recipient(
            client: known,
            issuer: Bench.iss,
            settings: .standard,
            key: .failure(.noActiveKey),
            issuerVersion: 1
        )
        return batch.deliveries.enumerated().map { place, delivery in
            var report = AttemptReport(outcome: .delivered, startedAt: .now, finishedAt: .now)
            report.error = error(place)
            return Settler.Entry(
                settled: SettledDelivery(
                    lease: delivery.lease,
                    attempt: delivery.attempt,
                    settlement: .delivered([]),
                    report: report
                ),
                shipment: Shipment(claimed: delivery, recipient: recipient, claimedAt: .now, startedAt: .now),
                ending: .answered,
                since: .now
            )
        }
    }

    private func settler(_ bench: Bench, _ worker: Int32, _ done: Tally) -> Settler {
        Settler(
            store: bench.store,
            worker: worker,
            batchSize: 8,
            interval: .milliseconds(1),
            logger: bench.logger
        ) {
            done.add($0, $1)
        }
    }

    @Test("every outcome is recorded, in as few batches as there are", arguments: [1, 7, 8, 9, 600])
    func records(count: Int) async throws {
        try await Bench.run { bench in
            try await bench.addClient(
                uri: "https://rp.example.com/logout",
                delivery: #"{"max_in_flight": 1000}"#
            )
            let event = try await bench.logout(sessions: count)
            let worker = try await bench.store.registerWorker(named: "test")
            let done = Tally()
            let settler = settler(bench, worker, done)
            for entry in try await outcomes(bench, event, worker: worker) { settler.add(entry) }
            settler.finish()
            await settler.run()
            #expect(done.count == count)
            #expect(done.fenced == 0)
            #expect(settler.lag == .zero)
            #expect(try await bench.event(event).status == .completed)
        }
    }

    @Test("one outcome that cannot be recorded does not take its neighbours with it")
    func splits() async throws {
        try await Bench.run { bench in
            try await bench.addClient(
                uri: "https://rp.example.com/logout",
                delivery: #"{"max_in_flight": 1000}"#
            )
            let event = try await bench.logout(sessions: 9)
            let worker = try await bench.store.registerWorker(named: "test")
            let done = Tally()
            let settler = settler(bench, worker, done)
            let entries = try await outcomes(bench, event, worker: worker) { $0 == 4 ? "a\0b" : nil }
            for entry in entries { settler.add(entry) }
            settler.finish()
            await settler.run()
            #expect(done.count == 9)
            #expect(
                try await bench.count("select count(*) from lastcall.deliveries where status = 'delivered'")
                    == 8
            )
            #expect(
                try await bench.count(
                    "select count(*) from lastcall.delivery_queue where lease_until > now()"
                ) == 1
            )
        }
    }

    @Test("outcomes are kept while the database is away, and recorded when it is back")
    func keeps() async throws {
        let cluster = try ScratchCluster()
        let name = try await cluster.createDatabase()
        let database = try PostgresConfiguration(
            connectionString: cluster.connectionString(database: name),
            applicationName: "test"
        )
        _ = try await Migrator(OutboxSchema.migrations()).migrate(database, deadline: .seconds(60))
        try await Bench.run(on: database) { bench in
            try await bench.addClient(
                uri: "https://rp.example.com/logout",
                delivery: #"{"max_in_flight": 1000}"#
            )
            let event = try await bench.logout(sessions: 20)
            let worker = try await bench.store.registerWorker(named: "test")
            let entries = try await outcomes(bench, event, worker: worker)
            // A crash could take the claims with it, which are committed asynchronously.
            try cluster.stop(immediately: false)
            let log = CountingLog()
            let done = Tally()
            let settler = Settler(
                store: bench.store,
                worker: worker,
                batchSize: 8,
                interval: .milliseconds(1),
                logger: log.logger
            ) { done.add($0, $1) }
            let running = Task { await settler.run() }
            for entry in entries { settler.add(entry) }
            try await eventually("refused attempts to record") { log.warnings >= 2 }
            #expect(done.count == 0)
            #expect(settler.lag > .zero)
            try cluster.start()
            try await eventually("every outcome") { done.count == 20 }
            settler.finish()
            await running.value
            #expect(try await bench.event(event).status == .completed)
        }
    }

    @Test("an outcome whose lease another worker has is told as fenced")
    func fenced() async throws {
        try await Bench.run { bench in
            try await bench.addClient(uri: "https://rp.example.com/logout")
            let event = try await bench.logout()
            let worker = try await bench.store.registerWorker(named: "test")
            let done = Tally()
            let settler = settler(bench, worker, done)
            let entries = try await outcomes(bench, event, worker: worker)
            try await bench.execute("update lastcall.delivery_queue set lease_number = lease_number + 1")
            for entry in entries { settler.add(entry) }
            settler.finish()
            await settler.run()
            #expect(done.count == 1)
            #expect(done.fenced == 1)
            #expect(try await bench.event(event).status == .inProgress)
        }
    }
}

/// What a settler says it is done with.
private final class Tally: Sendable {
    private let state = Mutex((count: 0, fenced: 0))

    var count: Int { state.withLock { $0.count } }
    var fenced: Int { state.withLock { $0.fenced } }

    func add(_ entries: [Settler.Entry], _ result: SettledBatch) {
        state.withLock { state in
            state.count += entries.count
            state.fenced += result.fenced.count
        }
    }
}

/// A log that only counts its warnings.
private struct CountingLog: LogHandler {
    private final class Count: Sendable {
        let value = Mutex(0)
    }

    private let count = Count()
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.warning

    var logger: Logger { Logger(label: "test") { _ in self } }
    var warnings: Int { count.value.withLock { $0 } }

    func log(event: LogEvent) {
        count.value.withLock { $0 += 1 }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }
}
