import IntakeAPI
import OperatorConsole
import Outbox
import Settings
import StrictJSON

/// Puts the console in front of the API: it answers its own pages, and calls the API for everything else.
extension Runtime {
    /// What the API's listener answers with.
    ///
    /// - Throws: where a page of the console cannot be read, which is a mistake in the program.
    func consoleOrAPI() throws -> @Sendable (APIRequest) async -> APIResponse {
        guard settings.console else { return api.respond }
        let console = try OperatorConsole(
            store: store,
            backend: consoleBackend,
            settings: settings.consoleSettings,
            logger: logger
        ) { .now }
        return { [api] request in
            guard OperatorConsole.owns(request.path) else { return await api.respond(to: request) }
            guard api.calls.begin() else { return APIResponse(ConsoleResponse.overloaded) }
            defer { api.calls.end() }
            return APIResponse(await console.respond(to: ConsoleRequest(request)))
        }
    }

    private var consoleBackend: ConsoleBackend {
        ConsoleBackend(
            identify: { [api] key in
                switch await api.signIn(with: key) {
                case .issued(let id): .issued(id)
                case .configured: .configured
                case .nobody: .nobody
                case .tooMany: .tooMany
                case .unavailable: .unavailable
                }
            },
            operatorProof: { [api] in api.operatorProof(over: $0) },
            call: { [api] call, key in
                let body = call.body?.serialized() ?? []
                let request = APIRequest(
                    method: call.method,
                    path: call.path,
                    query: call.query,
                    headers: body.isEmpty ? [] : [("content-type", "application/json")]
                ) { _ in body }
                let answer =
                    if let key { await api.respond(to: request, as: key) } else {
                        await api.respondToConfiguredOperator(request)
                    }
                return ConsoleBackend.Answer(status: answer.status, body: answer.body)
            },
            examine: { [store, settings] in
                try await Doctor(store: store, settings: settings.doctor) { .now }.examine()
            }
        )
    }
}

extension LastcallSettings {
    /// The console's part of the settings.
    fileprivate var consoleSettings: ConsoleSettings {
        var console = ConsoleSettings()
        console.life = ConsoleSessionLife(idle: consoleIdle, longest: consoleSession)
        console.streamLimit = consoleStreamLimit
        console.isSecure = tlsFiles != nil || consoleBehindTLS
        console.isLocal = listen.isLocal
        return console
    }
}

extension ConsoleRequest {
    fileprivate init(_ request: APIRequest) {
        self.init(
            method: request.method,
            path: request.path,
            query: request.query,
            headers: request.headers
        ) { limit in try? await request.body(limit) }
    }
}

extension APIResponse {
    fileprivate init(_ response: ConsoleResponse) {
        self.init(status: response.status, headers: response.headers, body: response.body)
        stream = response.stream
    }
}
