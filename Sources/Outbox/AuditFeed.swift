public import AuditTrail
import FoundationEssentials
public import Logging
public import ServiceLifecycle
import Synchronization

/// The live audit trail of one process: one reader of the database for all who listen.
///
/// While somebody listens it asks every fifth of a second for what has settled, for all their issuers at once, and
/// hands it to each. A reader comes with what it has: it is let in once that is as far as the feed is, and told to
/// read on otherwise, so nothing is between the two and nothing comes twice.
public final class AuditFeed: Service {
    /// How often the database is asked while somebody listens.
    public static let interval = Duration.milliseconds(200)
    /// The most events in one answer of the database.
    static let page = 2_000

    private struct State {
        var listeners: [AuditSubscription] = []
        var joining: [AuditSubscription] = []
        /// Everything before it was handed out.
        var reached = AuditPosition.beginning
        var isStopping = false
    }

    private let store: OutboxStore
    private let logger: Logger
    private let state = Mutex(State())
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    /// A feed from a store; nothing happens before ``run()``, and nothing while nobody listens.
    public init(store: OutboxStore, logger: Logger) {
        self.store = store
        self.logger = logger
        (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// How many listen.
    public var listeners: Int { state.withLock { $0.listeners.count + $0.joining.count } }

    /// Subscribes a reader that has everything before a place which ``OutboxStore/settledAudit(after:of:from:before:restored:limit:)``
    /// gave it as the end.
    ///
    /// - Returns: a subscription, whose first message says where the feed is ahead of that.
    public func subscribe(to issuer: Int32, _ filter: AuditFilter, having covered: AuditPosition)
        -> AuditSubscription
    {
        let subscription = AuditSubscription(issuer: issuer, filter: filter, covered: covered)
        let isStopping = state.withLock { state in
            if !state.isStopping { state.joining.append(subscription) }
            return state.isStopping
        }
        if isStopping { subscription.end(.stopping) } else { wake.yield() }
        return subscription
    }

    /// Reads and hands out until a graceful shutdown or until cancelled; then every subscription ends.
    public func run() async throws {
        await withTaskCancellationOrGracefulShutdownHandler {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.tickWhileRunning() }
                for await _ in wakes { await handOutWhileHeard() }
                group.cancelAll()
            }
        } onCancelOrGracefulShutdown: {
            self.stop()
        }
    }

    private func stop() {
        let subscriptions = state.withLock { state in
            state.isStopping = true
            defer { (state.listeners, state.joining) = ([], []) }
            return state.listeners + state.joining
        }
        for subscription in subscriptions { subscription.end(.stopping) }
        wake.finish()
    }

    private func tickWhileRunning() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))
            let listeners = state.withLock { $0.listeners + $0.joining }
            for listener in listeners { listener.tick() }
        }
    }

    private func handOutWhileHeard() async {
        while let (position, issuers) = admit() {
            let isFull = await handOut(after: position, issuers)
            if !isFull { try? await Task.sleep(for: Self.interval) }
        }
    }

    /// Lets in who waits; `nil` where nobody listens.
    private func admit() -> (AuditPosition, [Int32])? {
        let (answer, ahead) = state.withLock { state in
            state.listeners.removeAll(where: \.isOver)
            if state.listeners.isEmpty, let first = state.joining.map(\.covered).min() {
                state.reached = first
            }
            // Between two reads, never during one: a read knows only the issuers of those who listened when it began.
            let ahead = state.joining.filter { $0.covered < state.reached }
            state.listeners += state.joining.filter { $0.covered >= state.reached }
            state.joining = []
            let issuers = Set(state.listeners.map(\.issuer)).sorted()
            return (issuers.isEmpty ? nil : (state.reached, issuers), ahead)
        }
        for subscription in ahead { subscription.fallBehind() }
        return answer
    }

    /// One read and what comes of it; returns whether there is more at once.
    private func handOut(after position: AuditPosition, _ issuers: [Int32]) async -> Bool {
        do {
            let settled = try await store.settledAudit(after: position, ofAny: issuers, limit: Self.page)
            let listeners = state.withLock { state in
                state.reached = settled.end
                return state.listeners
            }
            guard !settled.entries.isEmpty else { return false }
            for listener in listeners { listener.offer(settled.entries) }
            return settled.isFull
        } catch {
            logger.notice("the audit trail cannot be read for its streams", metadata: ["error": "\(error)"])
            return false
        }
    }
}
