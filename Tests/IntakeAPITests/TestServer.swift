import HTTPListener
import Hummingbird
import IntakeAPI
import LastcallTestKit
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

/// The API on a loopback port of its own, with the reader of its streams, for as long as a test takes.
enum TestServer {
    /// Runs it; `stop` ends it gracefully, as a signal would.
    static func run<R>(
        _ api: TestAPI,
        _ body: (_ port: Int, _ stop: @escaping @Sendable () async -> Void) async throws -> R
    ) async throws -> R {
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        let logger = Logger(label: "server", factory: LogCapture().handler)
        let server = Application(
            responder: HTTPFrontend(api.api.respond),
            server: .guarded(
                limits: ListenerLimits(),
                slots: ConnectionSlots(limit: 10_000),
                handlers: HTTPFrontend.connectionHandlers
            ),
            configuration: ApplicationConfiguration(
                address: .hostname("127.0.0.1", port: 0),
                serverName: nil,
                backlog: 4_096
            ),
            onServerRunning: { channel in
                found.yield(channel.localAddress?.port ?? 0)
                found.finish()
            },
            logger: logger
        )
        let group = ServiceGroup(services: [api.api.auditFeed, server], logger: logger)
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            defer { tasks.cancelAll() }
            for await port in ports {
                return try await body(port) { await group.triggerGracefulShutdown() }
            }
            throw Answer.Unexpected(description: "the server did not start")
        }
    }

    /// A reader of a stream of this server.
    static func stream(
        _ path: String,
        port: Int,
        key: String = TestAPI.operatorKey,
        after id: String? = nil,
        reads: Bool = true
    ) throws -> EventStream {
        try EventStream(path, port: UInt16(port), key: key, after: id, reads: reads)
    }
}

/// Runs an API on a loopback port of its own, as the product does, for as long as the body takes.
func serving<R: Sendable>(
    _ api: TestAPI,
    _ body: @escaping @Sendable (Int) async throws -> R
) async throws -> R {
    try await TestServer.run(api) { port, _ in try await body(port) }
}
