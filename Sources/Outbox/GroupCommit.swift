public import LogoutModel
import PostgresClient
import Synchronization

/// Accepts logout events in groups: requests that arrive while a commit is under way share the next one.
///
/// Each request is answered after the commit that holds it. At light load a request commits at once and alone; under
/// load one commit carries up to ``maximumBatch`` of them, which costs a fraction of a transaction each.
public final class GroupCommit: Sendable {
    /// The most requests in one commit.
    public static let maximumBatch = 256
    /// The most targets in one commit, unless a single request has more.
    public static let maximumTargets = 10_000

    private struct Waiting {
        let request: LogoutEventRequest
        let answer: CheckedContinuation<Acceptance, any Error>
    }

    private struct State {
        var waiting: [Waiting] = []
        var committing = 0
    }

    private let store: OutboxStore
    private let wake: WakeSignal
    private let usualDeliverWithin: Double
    private let maximumWaiting: Int
    private let concurrency: Int
    private let state = Mutex(State())

    /// A gate in front of a store.
    ///
    /// `wake`: told of the lanes that have something due, after the commit.
    /// `usualDeliverWithin`: seconds to the deadline where neither request, client nor issuer says.
    /// `maximumWaiting`: more requests than this are refused rather than queued.
    /// `concurrency`: how many commits may be under way at once.
    public init(
        store: OutboxStore,
        wake: WakeSignal,
        usualDeliverWithin: Double,
        maximumWaiting: Int,
        concurrency: Int = 2
    ) {
        self.store = store
        self.wake = wake
        self.usualDeliverWithin = usualDeliverWithin
        self.maximumWaiting = maximumWaiting
        self.concurrency = concurrency
    }

    /// Accepts one request; returns once it is durable.
    ///
    /// - Throws: ``OutboxError/overloaded(waiting:)``, or ``PostgresError``.
    public func accept(_ request: LogoutEventRequest) async throws -> Acceptance {
        try await withCheckedThrowingContinuation { continuation in
            enqueue(Waiting(request: request, answer: continuation))
        }
    }

    private func enqueue(_ waiting: Waiting) {
        enum Step { case refuse(Int), wait, start }
        let step: Step = state.withLock { state in
            guard state.waiting.count < maximumWaiting else { return .refuse(state.waiting.count) }
            state.waiting.append(waiting)
            guard state.committing < concurrency else { return .wait }
            state.committing += 1
            return .start
        }
        switch step {
        case .refuse(let count): waiting.answer.resume(throwing: OutboxError.overloaded(waiting: count))
        case .wait: break
        case .start: Task { await self.commitUntilEmpty() }
        }
    }

    private func nextBatch() -> [Waiting] {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.committing -= 1
                return []
            }
            var targets = 0
            let batch = state.waiting.prefix(Self.maximumBatch).prefix { waiting in
                targets += waiting.request.targets.count
                return targets <= Self.maximumTargets
            }
            let count = max(1, batch.count)
            let taken = Array(state.waiting.prefix(count))
            state.waiting.removeFirst(count)
            return taken
        }
    }

    private func commitUntilEmpty() async {
        while true {
            let batch = nextBatch()
            guard !batch.isEmpty else { return }
            await commit(batch)
        }
    }

    private func commit(_ batch: [Waiting]) async {
        // Twins in one batch would meet each other's uncommitted key: the later ones go round once more.
        let (firsts, twins) = separateTwins(batch)
        do {
            let answers = try await store.accept(
                firsts.map(\.request),
                usualDeliverWithin: usualDeliverWithin
            )
            var lanes: [Int32] = []
            for case .fresh(let accepted) in answers { lanes += accepted.lanes }
            if !lanes.isEmpty { wake.announce(lanes) }
            for (waiting, answer) in zip(firsts, answers) { waiting.answer.resume(returning: answer) }
        } catch let error as PostgresError where firsts.count > 1 && !error.isTransient {
            // One request that the database refuses must not take its neighbours with it.
            for waiting in firsts { await commit([waiting]) }
        } catch {
            for waiting in firsts { waiting.answer.resume(throwing: error) }
        }
        if !twins.isEmpty { await commit(twins) }
    }

    private func separateTwins(_ batch: [Waiting]) -> (firsts: [Waiting], twins: [Waiting]) {
        struct Key: Hashable {
            let issuer: Int32
            let hash: [UInt8]
        }
        var seen: Set<Key> = []
        var firsts: [Waiting] = []
        var twins: [Waiting] = []
        for waiting in batch {
            let key = waiting.request.idempotency.map {
                Key(issuer: waiting.request.issuerKey, hash: $0.keyHash)
            }
            if let key, !seen.insert(key).inserted { twins.append(waiting) } else { firsts.append(waiting) }
        }
        return (firsts, twins)
    }
}
