public import Logging
public import LogoutModel
public import Outbox
import Threads

/// The operator's pages: a client of the API in the same process, with a cookie instead of a key.
public final class OperatorConsole: Sendable {
    /// Where all of it lives.
    public static let root = "/console"
    /// The longest form.
    static let bodyLimit = 65_536

    let store: OutboxStore
    let backend: ConsoleBackend
    let settings: ConsoleSettings
    let desk: SessionDesk
    let pages: Pages
    let logger: Logger
    let now: @Sendable () -> Timestamp
    let streams: Places
    let verifications = Places(limit: 1)

    /// A console over a store. `now` is this machine's clock.
    ///
    /// - Throws: where a template cannot be read, which is a mistake in the program.
    public init(
        store: OutboxStore,
        backend: ConsoleBackend,
        settings: ConsoleSettings,
        logger: Logger,
        now: @escaping @Sendable () -> Timestamp
    ) throws {
        self.store = store
        self.backend = backend
        self.settings = settings
        self.logger = logger
        self.now = now
        desk = SessionDesk(store: store, backend: backend, settings: settings)
        pages = try Pages()
        streams = Places(limit: settings.streamLimit)
    }

    /// Whether a path is one of the console's.
    public static func owns(_ path: String) -> Bool {
        path.utf8.elementsEqual(root.utf8) || path.utf8.starts(with: "\(root)/".utf8)
    }

    /// Answers a request. Every error becomes a page here; nothing is thrown.
    public func respond(to request: ConsoleRequest) async -> ConsoleResponse {
        do {
            return try await route(request)
        } catch let problem as ConsoleProblem {
            return bare(
                "problem",
                title: problem.title,
                status: problem.status,
                [
                    "heading": problem.title, "detail": problem.detail,
                ]
            )
        } catch {
            logger.warning("a page of the console failed", metadata: ["error": "\(error)"])
            let problem = ConsoleProblem.unavailable
            return bare(
                "problem",
                title: problem.title,
                status: problem.status,
                [
                    "heading": problem.title, "detail": problem.detail,
                ]
            )
        }
    }

    private func route(_ request: ConsoleRequest) async throws -> ConsoleResponse {
        var segments: [String] = []
        for segment in request.path.utf8.dropFirst().split(
            separator: UInt8(ascii: "/"),
            omittingEmptySubsequences: false
        ) {
            guard let text = FormFields.decoded(segment) else { throw ConsoleProblem.notFound }
            segments.append(text)
        }
        segments.removeFirst()
        if segments.first == "assets" { return try asset(segments, request) }
        guard settings.isSafe else { return unsafeListener() }
        guard request.method == "GET" || request.method == "POST" else {
            var response = ConsoleResponse(status: 405, contentType: nil)
            response.headers.append(("Allow", "GET, HEAD, POST"))
            return response
        }
        if segments == ["sign-in"] { return try await signIn(request) }
        guard let visitor = try await desk.visitor(of: request, isUse: !request.isForStream) else {
            return turnedAway(request)
        }
        guard request.method == "POST" else { return try await look(request, segments, visitor) }
        guard Self.isFromHere(request), let body = await request.body(Self.bodyLimit) else {
            throw ConsoleProblem.wrongToken
        }
        let form = FormFields(String(decoding: body, as: UTF8.self))
        guard SessionDesk.isToken(form["csrf"], of: visitor.secret, for: "form") else {
            throw ConsoleProblem.wrongToken
        }
        if segments == ["sign-out"] { return try await signOut(visitor) }
        return try await show(request, segments, visitor, form)
    }

    /// Whether a browser says that a form comes from one of these pages; one that says nothing is judged by the form's token alone.
    static func isFromHere(_ request: ConsoleRequest) -> Bool {
        if let site = request.header("sec-fetch-site"), site != "same-origin", site != "none" { return false }
        guard request.headers.contains(where: { $0.name == "origin" }) else { return true }
        guard let origin = request.header("origin"), let host = request.header("host") else { return false }
        let authority =
            origin.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false).last ?? ""
        return authority.utf8.elementsEqual(host.utf8)
    }

    private func look(_ request: ConsoleRequest, _ segments: [String], _ visitor: Visitor) async throws
        -> ConsoleResponse
    {
        guard request.isForStream else {
            return try await show(request, segments, visitor, FormFields(""))
        }
        guard let place = streams.take() else { throw ConsoleProblem.busy }
        var response = ConsoleResponse(status: 200, contentType: "text/event-stream")
        // What nginx and its kin take for "do not gather this".
        response.headers.append(("X-Accel-Buffering", "no"))
        response.stream = PageStream(place: place) { [self] in
            // The session, the key and what it may see are looked at anew each time.
            guard let visitor = try await desk.visitor(of: request, isUse: false),
                case .page(let page) = try await handle(request, segments, visitor, FormFields("")),
                page.isLive
            else { return nil }
            return main(page, visitor, try await self.issuer(of: segments, visitor)?.name, request)
        }
        return response
    }

    private func show(
        _ request: ConsoleRequest,
        _ segments: [String],
        _ visitor: Visitor,
        _ form: FormFields
    ) async throws -> ConsoleResponse {
        let name = try await self.issuer(of: segments, visitor)?.name
        do {
            switch try await handle(request, segments, visitor, form) {
            case .page(let page): return self.page(page, visitor, issuer: name, request)
            case .done(let path, let done):
                return .redirect(to: path + (done.map { "?done=\($0.rawValue)" } ?? ""))
            }
        } catch let problem as ConsoleProblem {
            // The key is gone since the session was looked at.
            if problem.status == 401 { return turnedAway(request) }
            let page = Page(
                template: "problem",
                title: problem.title,
                place: "problem",
                view: [
                    "heading": problem.title, "detail": problem.detail,
                ]
            )
            return self.page(page, visitor, issuer: name, request, status: problem.status)
        }
    }

    private func handle(
        _ request: ConsoleRequest,
        _ segments: [String],
        _ visitor: Visitor,
        _ form: FormFields
    ) async throws -> Result {
        let issuer = try await self.issuer(of: segments, visitor)
        let inside = issuer == nil ? segments : Array(segments.dropFirst(2))
        guard visitor.scopes.contains(.read) else {
            throw ConsoleProblem(
                status: 403,
                title: "This key may not read",
                detail:
                    "The console needs an API key with the scope read; add operate, clients and admin for what it should be able to do."
            )
        }
        let visit = Visit(
            visitor: visitor,
            issuer: issuer,
            rest: Array(inside.dropFirst()),
            query: FormFields(request.query),
            form: form,
            maker: ViewMaker(now: now()),
            console: self
        )
        let place = inside.first ?? ""
        return request.method == "POST" ? try await act(place, visit) : try await read(place, visit)
    }

    /// The issuer in an address.
    ///
    /// - Throws: ``ConsoleProblem/notFound`` for one that is unknown, and alike for one that is another's.
    private func issuer(of segments: [String], _ visitor: Visitor) async throws -> (key: Int32, name: String)?
    {
        guard segments.first == "i" else { return nil }
        guard segments.count >= 2 else { throw ConsoleProblem.notFound }
        if let own = visitor.issuer {
            guard own.name.utf8.elementsEqual(segments[1].utf8) else { throw ConsoleProblem.notFound }
            return own
        }
        guard let issuer = try await store.issuer(named: segments[1]) else { throw ConsoleProblem.notFound }
        return (issuer.key, issuer.name)
    }
}
