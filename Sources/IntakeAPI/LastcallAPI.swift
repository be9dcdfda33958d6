public import Logging
import LogoutModel
public import Outbox
import Synchronization
import Telemetry
import Threads
public import Tracing

/// The API: routes, authentication, decoding, answers. It knows nothing of sockets; ``HTTPFrontend`` does, and the
/// command line calls it directly.
public final class LastcallAPI: Sendable {
    let store: OutboxStore
    /// Where logouts are accepted in groups.
    public let intake: IntakeGate
    let wake: WakeSignal
    let sessions: SessionRegistry
    let settings: APISettings
    let logger: Logger
    let readiness: @Sendable () async -> Readiness
    let authenticator: Authenticator
    /// Who waits for the end of an event; runs as long as the API does, and stops before it.
    public let ends: EndWatch
    let openAPI = MadeOnce()
    let docs = MadeOnce()
    let auditStreams: Places
    let longLists = LongLists()
    /// The calls that are worked on.
    public let calls: CallsInProgress
    private let metrics = CallMetrics()
    let tracer: (any Tracer)?
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
    /// `tracer`: begins a span of each call; `nil` where nothing is traced.
    /// `readiness`: asked by `/readyz`.
    public init(
        store: OutboxStore,
        intake: IntakeGate,
        wake: WakeSignal,
        settings: APISettings,
        logger: Logger,
        tracer: (any Tracer)? = nil,
        readiness: @escaping @Sendable () async -> Readiness
    ) {
        self.store = store
        self.intake = intake
        self.wake = wake
        sessions = SessionRegistry(store: store, maximumWaiting: settings.queueLimit)
        self.settings = settings
        self.logger = logger
        self.tracer = tracer
        self.readiness = readiness
        authenticator = Authenticator(store: store, settings: settings)
        keyUse = KeyUseLog(proven: authenticator.proven, store: store, logger: logger)
        ends = EndWatch(store: store, limit: settings.waitLimit)
        calls = CallsInProgress(limit: settings.inProgressLimit)
        auditStreams = Places(limit: settings.auditStreamLimit)
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
                + docsRoutes
        )
        table.withLock { $0 = routes }
    }

    /// Every route, as `METHOD /path/{parameter}`.
    public var routeNames: [String] {
        routes.map(\.name)
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

    func answer(
        _ request: APIRequest,
        authenticate: @escaping @Sendable (_ counts: Bool) async throws -> Principal
    ) async -> APIResponse {
        let found = match(request)
        // Whoever watches this process must not be told that it is ill because it is busy.
        guard !Self.isHealthCheck(request) else {
            return await answer(request, found, nil, authenticate).response
        }
        let begin = ContinuousClock.now
        let span = self.span(of: request, found)
        let caller = span.map { _ in Caller() }
        var (response, problem) = (Self.busy.response, Optional(Self.busy))
        if calls.begin() {
            defer { calls.end() }
            (response, problem) = await answer(request, found, span) { counts in
                let principal = try await authenticate(counts)
                caller?.isKnown.store(true, ordering: .relaxed)
                return principal
            }
        }
        metrics.answered(found.name, response.status, in: .now - begin)
        if let problem, found.name == Self.intakeRoute { metrics.refused(problem.code) }
        if let caller, caller.isKnown.load(ordering: .relaxed) { span?.end(as: response, problem?.code) }
        return response
    }

    /// Whether it is known who calls. The span of a stranger's call never ends, and so takes no room from those of others.
    private final class Caller: Sendable {
        let isKnown = Atomic(false)
    }

    private static let busy = Problem.unavailable("Too many calls are in progress.")

    private func answer(
        _ request: APIRequest,
        _ found: RouteTable.Match,
        _ span: (any Span)?,
        _ authenticate: @escaping @Sendable (_ counts: Bool) async throws -> Principal
    ) async -> (response: APIResponse, problem: Problem?) {
        do {
            return (try await dispatch(request, found, span?.context.trace, authenticate), nil)
        } catch {
            guard let problem = Problem(error) else {
                logger.error(
                    "call failed",
                    metadata: ["error": "\(error)", "path_template": "\(found.name)"]
                )
                return (Problem.internalError.response, Problem.internalError)
            }
            if error is APIRequest.BodyBroken { logger.info("caller gone before the end of its body") }
            if problem.status == 401 { logger.notice("call without a valid API key") }
            if problem.status == 503 {
                logger.warning("call answered with 503", metadata: ["error": "\(error)"])
            }
            return (problem.response, problem)
        }
    }

    private func match(_ request: APIRequest) -> RouteTable.Match {
        table.withLock { $0 }.match(method: request.method, path: request.path)
    }

    private func dispatch(
        _ request: APIRequest,
        _ found: RouteTable.Match,
        _ trace: TraceContext?,
        _ authenticate: @escaping @Sendable (_ counts: Bool) async throws -> Principal
    ) async throws -> APIResponse {
        switch found {
        case .route(let route, let parameters):
            return try await serve(request, route, parameters, trace, authenticate)
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
        _ trace: TraceContext?,
        _ authenticate: @escaping @Sendable (_ counts: Bool) async throws -> Principal
    ) async throws -> APIResponse {
        let begin = ContinuousClock.now
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
            issuer = try await reference(to: name, principal, since: begin)
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
            spent: .now - begin,
            trace: trace,
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

    /// `begin`: when the call began to ask the store.
    private func reference(
        to name: String,
        _ principal: Principal,
        since begin: ContinuousClock.Instant
    ) async throws -> IssuerReference? {
        if let own = principal.issuer { return own }
        if let known = issuers[name] { return known }
        var store = store
        store.deadline -= .now - begin
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
