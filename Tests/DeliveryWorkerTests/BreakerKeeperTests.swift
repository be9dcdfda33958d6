import FoundationEssentials
import Logging
import LogoutModel
import Outbox
import PostgresClient
import Testing

@testable import DeliveryWorker

@Suite("Who writes what breakers do", .timeLimit(.minutes(30)))
struct BreakerKeeperTests {
    /// A client rests while its breaker is written, and what ends the rest may come at once: the rest has to begin before.
    @Test("a change begins when it is asked for, not when an outcome calls for it")
    func order() async throws {
        let pool = try PostgresPool(
            configuration: PostgresConfiguration(connectionString: "host=/nowhere"),
            size: 1
        )
        await pool.shutdown()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let keeper = BreakerKeeper(
            store: OutboxStore(pool: pool, logger: logger),
            replayRate: 1,
            metrics: WorkerMetrics(clients: 0),
            logger: logger
        )
        func change(of lane: Int32) throws -> BreakerBook.Change {
            try #require((1...5).compactMap { _ in keeper.record(.serverError, of: .sample(of: lane)) }.first)
        }
        let (first, second) = (try change(of: 1), try change(of: 2))
        let (ended, told) = AsyncStream<Int32>.makeStream()
        let running = Task { await keeper.run { lane, _ in told.yield(lane) } }
        var lanes = ended.makeAsyncIterator()
        keeper.carryOut(second)
        #expect(await lanes.next() == 2)
        keeper.carryOut(first)
        #expect(await lanes.next() == 1)
        running.cancel()
    }
}
