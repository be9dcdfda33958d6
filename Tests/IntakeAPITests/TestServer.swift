import Hummingbird
import IntakeAPI
import Logging
import NIOCore

/// Runs an API on a loopback port of its own, as the product does, for as long as the body takes.
func serving<R: Sendable>(
    _ api: TestAPI,
    _ body: @escaping @Sendable (Int) async throws -> R
) async throws -> R {
    let (ports, found) = AsyncStream.makeStream(of: Int.self)
    let server = Application(
        responder: HTTPFrontend(api.api.respond),
        server: .http1(configuration: .init(additionalChannelHandlers: HTTPFrontend.connectionHandlers())),
        configuration: ApplicationConfiguration(
            address: .hostname("127.0.0.1", port: 0),
            serverName: nil,
            backlog: 4_096
        ),
        onServerRunning: { channel in
            found.yield(channel.localAddress?.port ?? 0)
            found.finish()
        },
        logger: Logger(label: "server", factory: LogCapture().handler)
    )
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await server.run() }
        defer { group.cancelAll() }
        for await port in ports { return try await body(port) }
        throw Answer.Unexpected(description: "the server did not start")
    }
}
