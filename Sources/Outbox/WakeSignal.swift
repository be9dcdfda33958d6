import Logging
import PostgresClient
public import ServiceLifecycle
import Synchronization

/// Tells workers which lanes have something due, once it is committed.
///
/// In this process at once; in others through `NOTIFY`, at most once in ten milliseconds and never inside an intake
/// transaction, where it would hold a database-wide lock across the fsync. A lost signal only costs a poll interval.
public final class WakeSignal: Service {
    /// The channel that workers listen on.
    public static let channel = "lastcall_due"
    /// More lanes than this are announced as "look everywhere".
    static let maximumLanes = 500

    private struct State {
        var lanes: Set<Int32> = []
        var listener: (@Sendable ([Int32]) -> Void)?
    }

    private let store: OutboxStore
    private let state = Mutex(State())
    private let ticks: AsyncStream<Void>
    private let tick: AsyncStream<Void>.Continuation

    /// A signal that notifies other processes through this store.
    public init(store: OutboxStore) {
        self.store = store
        (ticks, tick) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Sets who is told in this process.
    public func listen(_ listener: @escaping @Sendable ([Int32]) -> Void) {
        state.withLock { $0.listener = listener }
    }

    /// Announces lanes, by the keys of their clients.
    public func announce(_ lanes: [Int32]) {
        let listener = state.withLock { state in
            state.lanes.formUnion(lanes)
            return state.listener
        }
        listener?(lanes)
        tick.yield()
    }

    /// Notifies other processes until cancelled.
    public func run() async throws {
        await withTaskCancellationOrGracefulShutdownHandler {
            for await _ in ticks {
                let lanes = state.withLock { state in
                    defer { state.lanes = [] }
                    return state.lanes
                }
                guard !lanes.isEmpty else { continue }
                await store.notifyDue(lanes.count > Self.maximumLanes ? [] : lanes.sorted())
                try? await Task.sleep(for: .milliseconds(10))
            }
        } onCancelOrGracefulShutdown: {
            self.tick.finish()
        }
    }

    /// The lanes in a notification; `nil` means "look everywhere".
    public static func lanes(in payload: String) -> [Int32]? {
        guard !payload.isEmpty else { return nil }
        return payload.split(separator: ",").compactMap { Int32($0) }
    }
}

extension OutboxStore {
    /// Wakes the workers of other processes; a failure is logged, because they poll anyway.
    func notifyDue(_ lanes: [Int32]) async {
        let payload = lanes.map(String.init).joined(separator: ",")
        do {
            try await perform(within: .seconds(1)) { connection in
                _ = try connection.query(.notifyDue, .text(payload))
            }
        } catch {
            logger.debug("workers of other processes were not woken", metadata: ["error": "\(error)"])
        }
    }
}
