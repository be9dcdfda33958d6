import HTTPListener
import HTTPTypes
import Hummingbird
import LastcallTestKit
import Logging
import NIOCore
import Synchronization

/// The listener on a loopback port of its own, before a responder that keeps what it sees.
struct TestListener: Sendable {
    let port: UInt16
    let calls: Calls

    /// The requests that came through, as `METHOD path body`.
    final class Calls: Sendable {
        private let lines = Mutex<[String]>([])

        var all: [String] { lines.withLock { $0 } }

        func add(_ line: String) { lines.withLock { $0.append(line) } }
    }

    struct Context: RequestContext {
        var coreContext: CoreRequestContextStorage
        let channel: any Channel

        init(source: ApplicationRequestContextSource) {
            coreContext = CoreRequestContextStorage(source: source)
            channel = source.channel
        }
    }

    /// What the responder does: reads the whole body, and answers with its line; `/unread` is answered without a look at
    /// the body, `/big` with 8 MiB, `/slow` once `hold` lets it, `/early` before it wants the body.
    private struct Responder: HTTPResponder {
        let calls: Calls
        let hold: @Sendable () async -> Void

        func respond(to request: Request, context: Context) async throws -> Response {
            let line = "\(request.method.rawValue) \(request.uri.path)"
            switch request.uri.path {
            case "/unread":
                calls.add(line)
                return Response(status: .unauthorized, headers: [.contentLength: "0"])
            case "/big":
                return Response(
                    status: .ok,
                    body: .init(byteBuffer: ByteBuffer(repeating: 0x61, count: 8 << 20))
                )
            case "/early":
                return Response(
                    status: .ok,
                    headers: [.contentLength: "2"],
                    body: ResponseBody(contentLength: 2) { [channel = context.channel] writer in
                        try await channel.triggerUserOutboundEvent(BodyIsWanted()).get()
                        try await writer.write(ByteBuffer(string: "ok"))
                        try await writer.finish(nil)
                    }
                )
            case "/slow":
                calls.add(line)
                await hold()
            default: break
            }
            var size = 0
            do {
                context.channel.triggerUserOutboundEvent(BodyIsWanted(), promise: nil)
                for try await part in request.body { size += part.readableBytes }
            } catch is BodyTooSlow {
                calls.add("\(line) too slow")
                return Response(status: .requestTimeout, headers: [.contentLength: "0"])
            } catch {
                calls.add("\(line) broken")
                return Response(status: .badRequest, headers: [.contentLength: "0"])
            }
            if request.uri.path != "/slow" { calls.add(size == 0 ? line : "\(line) \(size)") }
            return Response(
                status: .ok,
                headers: [.contentLength: "2"],
                body: .init(byteBuffer: .init(string: "ok"))
            )
        }
    }

    /// Runs it for as long as the body takes.
    static func run<R: Sendable>(
        _ limits: ListenerLimits = ListenerLimits(),
        connections: Int = 1_000,
        tls: ServerTLS? = nil,
        hold: @escaping @Sendable () async -> Void = {},
        _ body: @escaping @Sendable (TestListener) async throws -> R
    ) async throws -> R {
        let calls = Calls()
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        let server = Application(
            responder: Responder(calls: calls, hold: hold),
            server: .guarded(limits: limits, slots: ConnectionSlots(limit: connections), tls: tls),
            configuration: ApplicationConfiguration(
                address: .hostname("127.0.0.1", port: 0),
                serverName: nil,
                backlog: 1_024
            ),
            onServerRunning: { channel in
                found.yield(channel.localAddress?.port ?? 0)
                found.finish()
            },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            defer { group.cancelAll() }
            for await port in ports {
                return try await body(TestListener(port: UInt16(port), calls: calls))
            }
            throw NotStarted()
        }
    }

    private struct NotStarted: Error {}
}
