import DeliveryWorker
import Logging
import Outbox
import PostgresClient
import ServiceLifecycle

/// Keeps the pool until everything that uses it has stopped.
struct PoolService: Service {
    let pool: PostgresPool

    func run() async throws {
        try await gracefulShutdown()
        await pool.shutdown()
    }
}

/// Hears from other processes that something is due.
struct ListenerService: Service {
    let configuration: PostgresConfiguration
    let worker: DeliveryWorker
    let logger: Logger

    func run() async throws {
        let listener = PostgresListener(configuration: configuration, channels: [WakeSignal.channel]) {
            event in
            switch event {
            case .connected: worker.wake(nil, by: .notification)
            case .notification(_, let payload): worker.wake(WakeSignal.lanes(in: payload), by: .notification)
            case .disconnected(let error):
                logger.notice("not listening; the queue is still polled", metadata: ["error": "\(error)"])
            }
        }
        try await cancelWhenGracefulShutdown { try await listener.run() }
    }
}
