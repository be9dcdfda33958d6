public import Logging
import LogoutModel
public import Outbox
import Synchronization

/// The API: routes, authentication, decoding, answers. It knows nothing of sockets; ``HTTPFrontend`` does, and the
/// command line calls it directly.
public final class LastcallAPI: Sendable {
    let store: OutboxStore
    let intake: IntakeGate
    let wake: WakeSignal
    let sessions: SessionRegistry
    let settings: APISettings
    let logger: Logger
    let readiness: @Sendable () async -> Readiness
    let authenticator: Authenticator
    /// Who waits for the end of an event; runs as long as the API does, and stops before it.
    public let ends: EndWatch
    let openAPI = OpenAPICache()
    let streamSlots: StreamSlots
    let longLists = LongLists()
    /// The calls that are worked on.
    public let calls: CallsInProgress
    private let cursorSecret: CursorSecret
    /// What the streams of the audit trail hear; somebody must run it.
    public let auditFeed: AuditFeed
    /// Writes down when API keys were last used; somebody must run it.
    public let keyUse: KeyUseLog
    private let issuers = IssuerCache()
    private let table = Mutex(RouteTable(routes: []))

    /// An API over a store.
    ///
    /// `wake`: told of lanes that have something due.
    /// `readiness`: asked by `/readyz`.
    public init(
        store: OutboxStore,
        intake: IntakeGate,
        wake: WakeSignal,
        settings: APISettings,
        logger: Logger,
        readiness: @escaping @Sendable () async -> Readiness
    ) {
        self.store = store
        self.intake = intake
        self.wake = wake
        sessions = SessionRegistry(store: store, maximumWaiting: settings.queueLimit)
        self.settings = settings
        self.logger = logger
        self.readiness = readiness
        authenticator = Authenticator(store: store, settings: settings)
        keyUse = KeyUseLog(proven: authenticator.proven, store: store, logger: logger)
        ends = EndWatch(store: store, limit: settings.waitLimit)
        calls = CallsInProgress(limit: settings.inProgressLimit)
        streamSlots = StreamSlots(limit: settings.auditStreamLimit)
        cursorSecret = CursorSecret(store: store)
        auditFeed = AuditFeed(store: store, logger: logger)
        let routes = RouteTable(
            routes: healthRoutes + issuerRoutes + signingKeyRoutes + clientRoutes + logoutEventRoutes
                + deliveryRoutes
                + auditRoutes + accessKeyRoutes
                + redeliveryRoutes
                + sessionRoutes
                + logoutStatusRoutes
                + openAPIRoutes
        )
        table.withLock { $0 = routes }
    }

    /// Every route, as `METHOD /path/{parameter}`.
    public var routeNames: [String] {
        routes.map { "\($0.method) \($0.path.text)" }
    }

    var routes: [Route] { table.withLock { $0.routes } }

    /// Answers a call. Every error becomes a problem document here; nothing is thrown.
    public func respond(to request: APIRequest) async -> APIResponse {
        await answer(request) { try await self.authenticator.principal(of: request, counts: $0) }
    }

    /// Answers a call of the command line, which holds the database itself and so needs no key.
    public func respondToOperator(_ request: APIRequest) async -> APIResponse {
        await answer(request) { _ in .ofOperator("cli") }
    }

    /// Answers health checks alone: what the operator's own port serves.
    public func respondToHealthCheck(_ request: APIRequest) async -> APIResponse {
        guard Self.isHealthCheck(request) else { return Problem.notFound.response }
        return await answer(request) { _ in .ofOperator("-") }
    }

    private static func isHealthCheck(_ request: APIRequest) -> Bool {
        request.path == "/healthz" || request.path == "/readyz"
    }

    private func answer(
        _ request: APIRequest,
        authenticate: @escaping @Sendable (_ counts: Bool) async throws -> Principal
    ) async -> APIResponse {
        // Whoever watches this process must not be told that it is ill because it is busy.
        let isCounted = !Self.isHealthCheck(request)
        guard !isCounted || calls.begin() else {
            return Problem.unavailable("Too many calls are in progress.").response
        }
        defer { if isCounted { calls.end() } }
        do {
            return try await dispatch(request, authenticate)
        } catch {
            guard let problem = Problem(error) else {
                logger.error(
                    "call failed",
                    metadata: ["error": "\(error)", "path_template": "\(template(of: request))"]
                )
                return Problem.internalError.response
            }
            if error is APIRequest.BodyBroken { logger.info("caller gone before the end of its body") }
            if problem.status == 401 { logger.notice("call without a valid API key") }
            if problem.status == 503 {
                logger.warning("call answered with 503", metadata: ["error": "\(error)"])
            }
            return problem.response
        }
    }

    private func template(of request: APIRequest) -> String {
        guard case .route(let route, _) = match(request) else { return "-" }
        return "\(route.method) \(route.path.text)"
    }

    private func match(_ request: APIRequest) -> RouteTable.Match {
        table.withLock { $0 }.match(method: request.method, path: request.path)
    }

    private func dispatch(
        _ request: APIRequest,
        _ authenticate: @escaping @Sendable (_ counts: Bool) async throws -> Principal
    ) async throws -> APIResponse {
        switch match(request) {
        case .route(let route, let parameters):
            return try await serve(request, route, parameters, authenticate)
        case .otherMethods(let methods, let isPublic):
            if !isPublic { _ = try await authenticate(true) }
            throw Problem.methodNotAllowed(methods)
        case .nothing:
            _ = try await authenticate(true)
            throw Problem.notFound
        }
    }

    private func serve(
        _ request: APIRequest,
        _ route: Route,
        _ encoded: [String: Substring],
        _ authenticate: @escaping @Sendable (_ counts: Bool) async throws -> Principal
    ) async throws -> APIResponse {
        let principal = route.access == .everyone ? .ofOperator("-") : try await authenticate(true)
        var parameters: [String: String] = [:]
        for (name, value) in encoded {
            let decoded = percentDecoded(value).flatMap { $0.utf8.contains(0) ? nil : $0 }
            // A PUT tells what is wrong with a name. NUL stands for what cannot be read: no grammar accepts it.
            guard let decoded = decoded ?? (route.method == "PUT" && name != "issuer" ? "\0" : nil) else {
                throw Problem.notFound
            }
            parameters[name] = decoded
        }
        var issuer: IssuerReference?
        if let name = parameters["issuer"] {
            // Another issuer's resources and those of none look alike.
            if let own = principal.issuer, !own.name.utf8.elementsEqual(name.utf8) { throw Problem.notFound }
            issuer = try await reference(to: name, principal)
            let creates = route.method == "PUT" && route.access == .operatorOnly
            guard issuer != nil || creates else { throw Problem.notFound }
        }
        try Self.require(route.access, of: principal)
        var cursors: CursorSigner?
        if route.method == "GET", route.access != .everyone {
            cursors = CursorSigner(
                secret: try await cursorSecret.value(),
                path: route.path.text,
                issuer: issuer?.key ?? principal.issuer?.key ?? 0
            )
        }
        let call = Call(
            request: request,
            parameters: parameters,
            principal: principal,
            issuer: issuer,
            bodyLimit: settings.bodyLimit,
            cursors: cursors,
            authenticate: { try await authenticate(false) }
        )
        guard request.method == "GET", LongLists.isAsked(for: request.query) else {
            return try await route.handle(call)
        }
        return try await longLists.inTurn { try await route.handle(call) }
    }

    private static func require(_ access: Access, of principal: Principal) throws {
        switch access {
        case .everyone, .anyKey: break
        case .operatorOnly:
            guard principal.isOperator else { throw Problem.insufficientScope("an operator's key") }
        case .scopes(let scopes):
            guard scopes.contains(where: principal.scopes.contains) else {
                throw Problem.insufficientScope(scopes.map(\.rawValue).joined(separator: " or "))
            }
        }
    }

    private func reference(to name: String, _ principal: Principal) async throws -> IssuerReference? {
        if let own = principal.issuer { return own }
        if let known = issuers[name] { return known }
        guard let issuer = try await store.issuer(named: name) else { return nil }
        let reference = IssuerReference(key: issuer.key, name: issuer.name)
        issuers[name] = reference
        return reference
    }

    /// Forgets what is known of an issuer, after its deletion was noticed.
    func forgetIssuer(_ name: String) {
        issuers[name] = nil
    }
}

/// Issuers by name, believed for two seconds.
private final class IssuerCache: Sendable {
    private let known = Mutex<[String: (reference: IssuerReference, until: ContinuousClock.Instant)]>([:])

    subscript(name: String) -> IssuerReference? {
        get {
            known.withLock { known in
                guard let entry = known[name], entry.until > .now else { return nil }
                return entry.reference
            }
        }
        set {
            known.withLock { known in
                if known.count >= 10_000 { known.removeAll() }
                known[name] = newValue.map { ($0, .now + .seconds(2)) }
            }
        }
    }
}
