import CoreMetrics
import DeliveryPolicy
import Logging
import LogoutModel
import Outbox
import Synchronization

/// Counts what attempts met at each client, and opens and closes breakers accordingly.
///
/// Nothing is written while an RP behaves, and nothing is remembered of it. A change that cannot be written now is
/// wished for again with the client's next outcome.
final class BreakerKeeper: Sendable {
    private let store: OutboxStore
    private let replayRate: Int
    private let logger: Logger
    private let metrics: WorkerMetrics
    private let book = Mutex(BreakerBook())
    private let changes: AsyncStream<BreakerBook.Change>
    private let wish: AsyncStream<BreakerBook.Change>.Continuation

    init(store: OutboxStore, replayRate: Int, metrics: WorkerMetrics, logger: Logger) {
        self.store = store
        self.replayRate = replayRate
        self.metrics = metrics
        self.logger = logger
        // At most one for each lane.
        (changes, wish) = AsyncStream.makeStream()
    }

    /// Takes in what a claim says of its clients' breakers.
    func learn(from claims: [ClaimedDelivery]) {
        book.withLock { $0.learn(from: claims) }
    }

    /// Whether the breaker has opened since this was claimed.
    func refuses(_ claimed: ClaimedDelivery) -> Bool {
        book.withLock { $0.refuses(claimed) }
    }

    /// Takes in what an attempt met.
    ///
    /// - Returns: a change that the breaker needs, for ``carryOut(_:)``.
    func record(_ outcome: AttemptOutcome, of claimed: ClaimedDelivery) -> BreakerBook.Change? {
        book.withLock { $0.record(outcome, of: claimed) }
    }

    /// Has a change written; ``run(changed:)`` says when that is over, which may be before this returns.
    func carryOut(_ change: BreakerBook.Change) { wish.yield(change) }

    /// Writes changes until the task is cancelled.
    ///
    /// `changed`: told of each lane whose change is written or given up, and whether something became due there.
    func run(changed: @Sendable (Int32, Bool) -> Void) async {
        for await change in changes {
            var trips: Int?
            do {
                trips = try await write(change)
            } catch {
                logger.warning("a breaker cannot be changed", metadata: ["error": "\(error)"])
                trips = nil
            }
            let after = trips
            book.withLock { $0.changed(change.lane, to: after) }
            changed(change.lane, after == 0)
        }
    }

    /// - Returns: how often the breaker has opened now; `nil` where another process was first.
    private func write(_ change: BreakerBook.Change) async throws -> Int? {
        switch change.verdict {
        case .none: return nil
        case .open(let trips, let failures):
            let duration = Breaker.openDuration(trips: trips, draw: Double.random(in: 0..<1))
            let now = try await store.openBreaker(
                of: change.lane,
                trips: trips,
                for: duration,
                failures: failures
            )
            if now != nil { metrics.breakersOpened.increment() }
            return change.verdict.trips(afterOpening: now)
        case .close(let trips):
            if try await store.closeBreaker(of: change.lane, trips: trips, replayRate: replayRate) {
                metrics.breakersClosed.increment()
                // What waits is short as a rule: due at once. Of more, the housekeeping of all processes makes the rest due.
                _ = try? await store.rouse()
            }
            return change.verdict.trips(afterOpening: nil)
        }
    }
}
