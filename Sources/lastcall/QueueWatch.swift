import Logging
import Outbox
import ServiceLifecycle
import Synchronization
import Telemetry

/// Reads how the fleet's queue stands every few seconds, so that no scrape ever waits for the database.
final class QueueWatch: Service {
    /// The usual pause between two readings; longer where they take long, never for more than a twentieth of the time.
    private static let interval = Duration.seconds(5)

    private struct State {
        var pulse: QueuePulse?
        var health: DatabaseHealth?
        var readAt: ContinuousClock.Instant
    }

    private let store: OutboxStore
    private let logger: Logger
    private let state = Mutex(State(readAt: .now))

    init(store: OutboxStore, logger: Logger) {
        self.store = store
        self.logger = logger
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            while !Task.isCancelled {
                let begin = ContinuousClock.now
                await read()
                let pause = max(Self.interval * Double.random(in: 0.8...1.2), (.now - begin) * 20)
                try? await Task.sleep(for: pause)
            }
        }
    }

    /// What is not known any more stays as it was; its age says so.
    private func read() async {
        do {
            let pulse = try await store.pulse()
            let health = try await store.health()
            state.withLock { $0 = State(pulse: pulse, health: health, readAt: .now) }
        } catch {
            logger.debug("the queue cannot be read for the metrics", metadata: ["error": "\(error)"])
        }
    }

    private func latest(_ value: (QueuePulse) -> Double?) -> Double {
        state.withLock { $0.pulse }.flatMap(value) ?? .nan
    }

    /// Puts the readings on the page.
    func observe(in registry: PrometheusRegistry) {
        func add(_ name: String, _ value: @escaping @Sendable (QueuePulse) -> Double?) {
            registry.observe(name) { [self] in latest(value) }
        }
        add("lastcall_oldest_due_age_seconds") { max(0, $0.oldestDueSeconds ?? 0) }
        add("lastcall_deliveries_open") { Double($0.open) }
        add("lastcall_queue_dead_rows") { Double($0.deadRows) }
        add("lastcall_clients_waiting") { Double($0.lanes) }
        add("lastcall_clients_held") { Double($0.heldLanes) }
        add("lastcall_breakers_open") { Double($0.openBreakers) }
        add("lastcall_breaker_open_age_seconds") { max(0, $0.breakerOpenSeconds ?? 0) }
        add("lastcall_oldest_snapshot_age_seconds") { $0.snapshotSeconds }
        registry.observe("lastcall_loss_window_seconds") { [self] in
            state.withLock { $0.health }?.lossWindowSeconds ?? .nan
        }
        for mode in DatabaseHealth.Durability.allCases {
            registry.observe("lastcall_durability", labels: [("mode", mode.rawValue)]) { [self] in
                guard let health = state.withLock({ $0.health }) else { return .nan }
                return health.durability == mode ? 1 : 0
            }
        }
        registry.observe("lastcall_queue_reading_age_seconds") { [self] in
            (.now - state.withLock { $0.readAt }).inSeconds
        }
    }
}
