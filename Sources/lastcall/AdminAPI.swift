import Hummingbird
import IntakeAPI
import NIOCore
import Telemetry

/// The operator's own port: metrics and health, no key.
struct AdminAPI: HTTPResponder {
    typealias Context = HTTPFrontend.Context

    private let health: HTTPFrontend
    private let registry: PrometheusRegistry

    init(api: LastcallAPI, registry: PrometheusRegistry) {
        health = HTTPFrontend(api.respondToHealthCheck)
        self.registry = registry
    }

    func respond(to request: Request, context: Context) async throws -> Response {
        guard request.uri.path == "/metrics", request.method == .get else {
            return try await health.respond(to: request, context: context)
        }
        return Response(
            status: .ok,
            headers: [.contentType: PrometheusRegistry.contentType],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: registry.render()))
        )
    }
}
