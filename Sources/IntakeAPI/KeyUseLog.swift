import FoundationEssentials
import Logging
import Outbox
public import ServiceLifecycle

/// Writes down when API keys were last used: all of them together, once a minute, off the path of every call.
public final class KeyUseLog: Service {
    /// The pause between two times.
    static let interval = Duration.seconds(60)
    private static let batch = 1_000

    private let proven: ProvenKeys
    private let store: OutboxStore
    private let logger: Logger

    init(proven: ProvenKeys, store: OutboxStore, logger: Logger) {
        self.proven = proven
        self.store = store
        self.logger = logger
    }

    /// Writes until the service is stopped, and once more then.
    public func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true {
                try await Task.sleep(for: Self.interval)
                await self.write()
            }
        }
        await write()
    }

    /// Writes what has been gathered since the last time.
    public func write() async {
        let uses = proven.takeUses()
        var rest = uses.map { (key: $0.key, at: $0.value) }
        do {
            while !rest.isEmpty {
                let now = ContinuousClock.now
                try await store.noteUse(of: rest.prefix(Self.batch).map { ($0.key, $0.at.duration(to: now)) })
                rest.removeFirst(min(Self.batch, rest.count))
            }
        } catch {
            proven.putBack(Dictionary(rest.map { ($0.key, $0.at) }) { $1 })
            logger.notice("the use of API keys cannot be written down", metadata: ["error": "\(error)"])
        }
    }
}
