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

    /// How many requests wait for a commit to begin.
    public var waiting: Int { state.withLock { $0.waiting.count } }

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
                targets += waiting.request.scope.weight
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

    private func commit(_ batch: [Waiting], round: Int = 1) async {
        var twins: [Waiting] = []
        do {
            let answers = try await store.accept(batch.map(\.request), usualDeliverWithin: usualDeliverWithin)
            var lanes: [Int32] = []
            for case .fresh(let accepted)? in answers { lanes += accepted.lanes }
            if !lanes.isEmpty { wake.announce(lanes) }
            for (waiting, answer) in zip(batch, answers) {
                if let answer { waiting.answer.resume(returning: answer) } else { twins.append(waiting) }
            }
        } catch let error as PostgresError where batch.count > 1 && error.isAboutOneRequest {
            // One request that the database refuses must not take its neighbours with it.
            for waiting in batch { await commit([waiting]) }
        } catch {
            for waiting in batch { waiting.answer.resume(throwing: error) }
        }
        guard !twins.isEmpty else { return }
        // The next statement sees the first of the twins, unless that one failed: a few rounds are plenty.
        guard round < 5 else { return twins.forEach { $0.answer.resume(throwing: PostgresError.timeout) } }
        await commit(twins, round: round + 1)
    }
}

extension LogoutScope {
    /// About how many deliveries it comes to; a filter matches few as a rule, and at most 1,000 in one commit.
    fileprivate var weight: Int {
        switch self {
        case .targets(let targets): targets.count
        case .filter: 40
        }
    }
}

extension PostgresError {
    /// Whether nothing was committed, and a request of the batch may be the cause.
    fileprivate var isAboutOneRequest: Bool {
        switch self {
        case .server, .invalidText, .invalidTimestamp, .parameterTooLarge: !isTransient
        default: false
        }
    }
}
