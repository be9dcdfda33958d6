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
    /// The most clients that are remembered at once; beyond it all begin anew.
    private static let maximumKnown = 20_000

    private struct Known {
        var breaker = Breaker()
        var isChanging = false
    }

    private struct Change {
        let lane: Int32
        let verdict: Breaker.Verdict
    }

    private let store: OutboxStore
    private let logger: Logger
    private let metrics: WorkerMetrics
    private let known = Mutex<[Int32: Known]>([:])
    private let changes: AsyncStream<Change>
    private let wish: AsyncStream<Change>.Continuation

    init(store: OutboxStore, metrics: WorkerMetrics, logger: Logger) {
        self.store = store
        self.metrics = metrics
        self.logger = logger
        // At most one for each lane.
        (changes, wish) = AsyncStream.makeStream()
    }

    /// Takes in what a claim says of its clients' breakers.
    func learn(from claims: [ClaimedDelivery]) {
        known.withLock { known in
            for claimed in claims {
                guard var lane = known[claimed.clientKey] ?? (claimed.breakerTrips > 0 ? Known() : nil),
                    !lane.isChanging
                else { continue }
                lane.breaker.learn(trips: claimed.breakerTrips)
                Self.keep(lane, as: claimed.clientKey, in: &known)
            }
        }
    }

    /// Whether the breaker has opened since this was claimed.
    func refuses(_ claimed: ClaimedDelivery) -> Bool {
        known.withLock {
            $0[claimed.clientKey]?.breaker.refuses(claimedAt: claimed.breakerTrips) ?? false
        }
    }

    /// Takes in what an attempt met.
    ///
    /// - Returns: whether the breaker is about to change; ``run(changed:)`` says when that is over.
    func record(_ outcome: AttemptOutcome, of claimed: ClaimedDelivery) -> Bool {
        let lane = claimed.clientKey
        let verdict = known.withLock { known in
            var entry = known[lane] ?? Known()
            let verdict = entry.breaker.record(outcome, claimedAt: claimed.breakerTrips)
            let isNew = verdict != .none && !entry.isChanging
            if isNew { entry.isChanging = true }
            Self.keep(entry, as: lane, in: &known)
            return isNew ? verdict : .none
        }
        guard verdict != .none else { return false }
        wish.yield(Change(lane: lane, verdict: verdict))
        return true
    }

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
            known.withLock { known in
                guard var lane = known[change.lane] else { return }
                lane.isChanging = false
                if let after { lane.breaker.learn(trips: after) }
                Self.keep(lane, as: change.lane, in: &known)
            }
            changed(change.lane, after == 0)
        }
    }

    /// - Returns: how often the breaker has opened now; `nil` where another process was first.
    private func write(_ change: Change) async throws -> Int? {
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
            // Another process opened it: what is claimed next will say how often it has.
            return now ?? trips + 1
        case .close(let trips):
            guard try await store.closeBreaker(of: change.lane, trips: trips) else { return 0 }
            metrics.breakersClosed.increment()
            // What waits is short as a rule: due at once. Of more, the housekeeping of all processes makes the rest due.
            _ = try? await store.rouse()
            return 0
        }
    }

    private static func keep(_ lane: Known, as key: Int32, in known: inout [Int32: Known]) {
        guard lane.breaker != Breaker() || lane.isChanging else {
            known[key] = nil
            return
        }
        if known.count >= maximumKnown { known = known.filter { $0.value.isChanging } }
        known[key] = lane
    }
}
