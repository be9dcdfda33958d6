package import Logging
package import LogoutModel
package import Outbox
import PostgresClient
import Synchronization

/// Records outcomes in batches. An outcome that cannot be recorded now is kept and tried again: its lease number makes
/// a repetition harmless, and where the lease runs out first, another worker's claim says so.
package final class Settler: Sendable {
    /// The most outcomes in one statement.
    package static let maximumBatch = 512

    /// An outcome that waits.
    package struct Entry: Sendable {
        package let settled: SettledDelivery
        package let shipment: Shipment
        package let ending: LaneEnding
        package let since: ContinuousClock.Instant

        /// An outcome, with what its lane is told once it is recorded.
        package init(
            settled: SettledDelivery,
            shipment: Shipment,
            ending: LaneEnding,
            since: ContinuousClock.Instant
        ) {
            self.settled = settled
            self.shipment = shipment
            self.ending = ending
            self.since = since
        }
    }

    private struct State {
        var waiting: [Entry] = []
        var isFinishing = false
    }

    private let store: OutboxStore
    private let worker: Int32
    private let batchSize: Int
    private let interval: Duration
    private let labels: SubjectLabels
    private let logger: Logger
    private let recorded: @Sendable ([Entry], SettledBatch) -> Void
    private let state = Mutex(State())
    private let oldest = Mutex<ContinuousClock.Instant?>(nil)
    private let ticks: AsyncStream<Void>
    private let tick: AsyncStream<Void>.Continuation

    /// `recorded`: told of entries that are done with: recorded, or fenced out, or given up.
    package init(
        store: OutboxStore,
        worker: Int32,
        batchSize: Int,
        interval: Duration,
        labels: SubjectLabels = .none,
        logger: Logger,
        recorded: @escaping @Sendable ([Entry], SettledBatch) -> Void
    ) {
        self.store = store
        self.worker = worker
        self.batchSize = batchSize
        self.interval = interval
        self.labels = labels
        self.logger = logger
        self.recorded = recorded
        (ticks, tick) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// How long the oldest outcome has waited.
    package var lag: Duration {
        let waiting = state.withLock { $0.waiting.first?.since }
        let flushing = oldest.withLock { $0 }
        guard let since = [waiting, flushing].compactMap({ $0 }).min() else { return .zero }
        return .now - since
    }

    /// Queues an outcome.
    package func add(_ entry: Entry) {
        let count = state.withLock { state in
            state.waiting.append(entry)
            return state.waiting.count
        }
        if count == 1 || count == batchSize { tick.yield() }
    }

    /// Ends ``run()`` once everything is recorded, or cannot be recorded now: the leases of the rest run out.
    package func finish() {
        state.withLock { $0.isFinishing = true }
        tick.finish()
    }

    /// Records until ``finish()``; what is left then is tried once more.
    package func run() async {
        for await _ in ticks {
            // A moment for others to join, unless a batch is full already.
            if state.withLock({ $0.waiting.count < batchSize }) { try? await Task.sleep(for: interval) }
            await flushAll()
        }
        await flushAll()
    }

    private func flushAll() async {
        while true {
            let batch = state.withLock { state in
                guard state.waiting.count > Self.maximumBatch else {
                    let batch = state.waiting
                    state.waiting = []
                    return batch
                }
                let batch = Array(state.waiting.prefix(Self.maximumBatch))
                state.waiting.removeFirst(batch.count)
                return batch
            }
            guard let first = batch.first else { return }
            oldest.withLock { $0 = first.since }
            await record(batch)
            oldest.withLock { $0 = nil }
        }
    }

    /// A line for each that was recorded, where anybody wants to read so many.
    private func log(_ batch: [Entry], fenced: [DeliveryID]) {
        guard logger.logLevel <= .debug else { return }
        let fenced = Set(fenced)
        for entry in batch where !fenced.contains(entry.settled.lease.delivery) {
            logger.debug("delivery settled", metadata: entry.metadata(labels))
        }
    }

    private func noteLate(_ fenced: [DeliveryID], of batch: [Entry]) async {
        guard !fenced.isEmpty else { return }
        do {
            try await store.noteLate(fenced, of: batch.map(\.settled))
        } catch {
            logger.notice(
                "late answers are not kept",
                metadata: ["count": "\(fenced.count)", "error": "\(error)"]
            )
        }
    }

    private func record(_ batch: [Entry]) async {
        var pause = Duration.milliseconds(20)
        while true {
            do {
                let result = try await store.settle(batch.map(\.settled), worker: worker, now: .now)
                log(batch, fenced: result.fenced)
                recorded(batch, result)
                return await noteLate(result.fenced, of: batch)
            } catch {
                let isFinishing = state.withLock { $0.isFinishing }
                switch Setback(error, of: batch.count, isFinishing: isFinishing) {
                case .oneByOne:
                    for entry in batch { await record([entry]) }
                    return
                case .refused:
                    logger.error(
                        "outcome cannot be recorded",
                        metadata: batch[0].shipment.metadata(labels, ["error": "\(error)"])
                    )
                    return recorded(batch, SettledBatch())
                case .givenUp: return recorded(batch, SettledBatch())
                case .again:
                    logger.warning(
                        "outcomes wait for the database",
                        metadata: ["count": "\(batch.count)", "error": "\(error)"]
                    )
                    try? await Task.sleep(for: pause * Double.random(in: 0.5...1))
                    pause = Setback.pause(after: pause)
                }
            }
        }
    }
}

/// What is done about outcomes that could not be recorded.
package enum Setback: Sendable, Hashable {
    /// One of them is what the database refuses: each is recorded for itself.
    case oneByOne
    /// This one is refused for good: its lease runs out, and the next claim records the attempt as unknown.
    case refused
    /// The process ends: their leases run out.
    case givenUp
    /// They are recorded again after a pause.
    case again

    /// What follows from an error of a batch.
    package init(_ error: any Error, of count: Int, isFinishing: Bool) {
        let isLasting = (error as? PostgresError)?.isTransient == false
        self = isLasting ? (count == 1 ? .refused : .oneByOne) : isFinishing ? .givenUp : .again
    }

    /// The longest pause after the one that was made.
    package static func pause(after pause: Duration) -> Duration {
        min(pause * 2, .seconds(1))
    }
}
