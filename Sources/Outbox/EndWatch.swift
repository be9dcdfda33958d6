import Logging
public import LogoutModel
public import ServiceLifecycle
import Synchronization

/// Lets any number of callers wait for the end of logout events, with neither a connection nor a thread each.
///
/// One query asks for every event that is due for a look; the pauses between looks for one event grow from 5 ms to 250 ms.
/// Where deliveries are made in this process too, ``ended(_:)`` spares even that. While the database is away nobody is
/// answered before their time is up.
public final class EndWatch: Service {
    /// How a wait came out.
    public enum Outcome: Sendable, Hashable {
        /// The event has ended.
        case ended
        /// It had not when the time was up.
        case timedOut
        /// The caller went away, or the process stops.
        case cutShort
        /// There was no room, or the process was stopping; nobody waited at all.
        case refused
    }

    /// The most events in one query.
    static let maximumLooks = 1_000
    private static let tick = Duration.milliseconds(5)

    private struct State {
        var waiters: EndWaiters
        var answers: [Int: CheckedContinuation<Outcome, Never>] = [:]
        var lastNumber = 0
        var isTicking = false
        var isLooking = false
        var isStopped = false
    }

    private let store: OutboxStore
    private let beginning = ContinuousClock.now
    private let state: Mutex<State>

    /// A watch over a store; beyond `limit` callers nobody waits.
    public init(store: OutboxStore, limit: Int) {
        self.store = store
        state = Mutex(State(waiters: EndWaiters(limit: limit)))
    }

    /// How many callers wait.
    public var count: Int { state.withLock { $0.answers.count } }

    /// Waits until an event ends, at most so long; returns at once where the task is cancelled.
    ///
    /// The caller has seen the event, open, under this issuer.
    public func end(of event: LogoutEventID, issuer: Int32, within time: Duration) async -> Outcome {
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        let look = EndWaiters.Look(issuer: issuer, event: event)
        let deadline = ticks(until: .now + time)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                join(number, look, deadline, continuation)
                // The handler may have run before there was anything to take out.
                if Task.isCancelled { leave(number) }
            }
        } onCancel: {
            leave(number)
        }
    }

    /// Says that events have ended: whoever waits for them is answered without a query.
    public func ended(_ events: [LogoutEventID]) {
        answer(.ended) { $0.waiters.ended(events) }
    }

    /// Until a graceful shutdown; then everybody is answered at once, and nobody waits any more.
    public func run() async throws {
        defer { stop() }
        try await gracefulShutdown()
    }

    /// Answers everybody at once; from now on nobody waits.
    func stop() {
        answer(.cutShort) { state in
            state.isStopped = true
            return state.waiters.removeAll()
        }
    }

    private func join(
        _ number: Int,
        _ look: EndWaiters.Look,
        _ deadline: Int64,
        _ continuation: CheckedContinuation<Outcome, Never>
    ) {
        enum Step { case refuse, wait, start }
        let now = ticks(until: .now)
        let step: Step = state.withLock { state in
            guard !state.isStopped, state.waiters.join(number, look, until: deadline, at: now) else {
                return .refuse
            }
            state.answers[number] = continuation
            guard !state.isTicking else { return .wait }
            state.isTicking = true
            return .start
        }
        switch step {
        case .refuse: continuation.resume(returning: .refused)
        case .wait: break
        case .start: Task { await self.tickUntilEmpty() }
        }
    }

    private func leave(_ number: Int) {
        answer(.cutShort) { $0.waiters.remove(number) ? [number] : [] }
    }

    /// Resumes the waiters that a step has taken out, outside the lock.
    private func answer(_ outcome: Outcome, _ step: (inout State) -> [Int]) {
        let continuations = state.withLock { state in
            step(&state).compactMap { state.answers.removeValue(forKey: $0) }
        }
        for continuation in continuations { continuation.resume(returning: outcome) }
    }

    /// Ticks while somebody waits.
    private func tickUntilEmpty() async {
        while true {
            try? await Task.sleep(for: Self.tick)
            let now = ticks(until: .now)
            answer(.timedOut) { $0.waiters.advance(to: now) }
            let (isEmpty, mustLook) = state.withLock { state in
                state.isTicking = !state.answers.isEmpty
                let mustLook = state.waiters.isDue && !state.isLooking
                if mustLook { state.isLooking = true }
                return (!state.isTicking, mustLook)
            }
            // A look that waits for the database must not keep those whose time is up.
            if mustLook { Task { await self.lookAtDue() } }
            if isEmpty { return }
        }
    }

    private func lookAtDue() async {
        while true {
            let looks = state.withLock { state in
                let looks = state.waiters.takeDue(Self.maximumLooks)
                state.isLooking = !looks.isEmpty
                return looks
            }
            guard !looks.isEmpty else { return }
            var found: [LogoutEventID] = []
            do {
                found = try await store.endedEvents(looks)
            } catch {
                store.logger.debug("no look at events that are waited for", metadata: ["error": "\(error)"])
            }
            answer(.ended) { [found] in $0.waiters.looked(at: looks, found: found) }
        }
    }

    /// The tick in which an instant falls, counted from the beginning of this watch.
    private func ticks(until instant: ContinuousClock.Instant) -> Int64 {
        (instant - beginning).wholeMicroseconds / Self.tick.wholeMicroseconds
    }
}
