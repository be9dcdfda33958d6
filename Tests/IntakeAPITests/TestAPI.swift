import DeliveryPolicy
import IntakeAPI
import LastcallTestKit
import Logging
import LogoutTokens
import Outbox
import PostgresClient

/// The API over the database of the test that is running, with an issuer `acme` and an operator's key.
struct TestAPI: Sendable {
    static let operatorKey = "operator-key-of-the-tests-0123456789"
    static let scopes = ["logout", "sessions", "clients", "read", "operate", "admin"]

    let api: LastcallAPI
    let logs = LogCapture()
    let wake: WakeSignal
    let pool: PostgresPool
    private let configuration: PostgresConfiguration

    /// An API of its own, as another process would have: over the test's database unless told otherwise, with the
    /// default settings but for those that are changed.
    init(
        _ database: PostgresConfiguration? = nil,
        deadline: Duration = .seconds(20),
        connections: Int = 3,
        change: (inout APISettings) throws -> Void = { _ in }
    ) throws {
        configuration = try database ?? ScratchDatabase.current.configuration
        var logger = Logger(label: "test", factory: logs.handler)
        logger.logLevel = .trace
        pool = try PostgresPool(configuration: configuration, size: connections)
        let store = OutboxStore(pool: pool, logger: logger, deadline: deadline)
        var settings = APISettings(addressRule: AddressRule())
        settings.operatorKey = Self.operatorKey
        settings.keyEncryptionKey = SealingKey(
            try KeyEncryptionKey(base64: Base64.encode(Array(repeating: 7, count: 32)))
        )
        try change(&settings)
        wake = WakeSignal(store: store)
        api = LastcallAPI(
            store: store,
            intake: GroupCommit(
                store: store,
                wake: wake,
                usualDeliverWithin: 86_400,
                maximumWaiting: 1_000
            ),
            wake: wake,
            settings: settings,
            logger: logger
        ) {
            let health = try? await store.health()
            return Readiness(
                isReady: health != nil,
                database: health == nil ? "unavailable" : "ok",
                schema: "current",
                durability: health?.durability,
                settlerLagSeconds: 0
            )
        }
    }

    /// Makes a call, given as `METHOD /path?query`, with the operator's key unless told; a body is sent as
    /// `application/json`.
    @discardableResult
    func call(
        _ line: String,
        key: String? = TestAPI.operatorKey,
        json: String? = nil,
        headers: [(String, String)] = []
    ) async -> Answer {
        var fields = headers
        if json != nil, !headers.contains(where: { $0.0 == "content-type" }) {
            fields.append(("content-type", "application/json"))
        }
        return await call(line, key: key, body: Array((json ?? "").utf8), headers: fields)
    }

    /// Makes a call whose body is no text.
    func call(
        _ line: String,
        key: String? = TestAPI.operatorKey,
        body: [UInt8],
        headers: [(String, String)]
    ) async -> Answer {
        let words = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init
        )
        let target = words[1].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init
        )
        var fields = headers
        if let key { fields.append(("authorization", "Bearer \(key)")) }
        let request = APIRequest(
            method: words[0],
            path: target[0],
            query: target.count > 1 ? target[1] : "",
            headers: fields.map { (name: $0.0, value: $0.1) }
        ) { limit in
            guard body.count <= limit else { throw APIRequest.BodyTooLarge() }
            return body
        }
        return Answer(await api.respond(to: request))
    }

    /// Makes a call whose body is a stream of lines.
    func stream(
        _ line: String,
        key: String? = TestAPI.operatorKey,
        _ body: Pieces,
        headers: [(String, String)] = []
    ) async -> Answer {
        let words = line.split(separator: " ").map(String.init)
        var fields = headers + [("content-type", "application/x-ndjson")]
        if let key { fields.append(("authorization", "Bearer \(key)")) }
        let request = APIRequest(
            method: words[0],
            path: words[1],
            headers: fields.map { (name: $0.0, value: $0.1) },
            chunks: body
        )
        return Answer(await api.respond(to: request))
    }

    /// Makes a call whose body is a stream of lines.
    func stream(_ line: String, _ body: [[UInt8]]) async -> Answer {
        await stream(line, Pieces(body))
    }

    /// A transaction that holds the participation of this sid.
    func hold(sid: String) throws -> PostgresConnection {
        let holder = try PostgresConnection.connect(configuration)
        try holder.execute(
            script: "begin; select from lastcall.participations where sid = '\(sid)' for update"
        )
        return holder
    }

    /// A transaction without which nobody reads or writes this table.
    func lock(_ table: String) throws -> PostgresConnection {
        let holder = try PostgresConnection.connect(configuration)
        try holder.execute(script: "begin; lock table \(table) in access exclusive mode")
        return holder
    }

    /// Runs a test with an outbox of its own beside the API, and a worker that is registered there.
    func withStore(_ body: (OutboxStore, Int32) async throws -> Void) async throws {
        let pool = try PostgresPool(configuration: configuration, size: 2)
        do {
            let store = OutboxStore(
                pool: pool,
                logger: Logger(label: "test", factory: logs.handler),
                deadline: .seconds(20)
            )
            try await body(store, await store.registerWorker(named: "test"))
        } catch {
            await pool.shutdown()
            throw error
        }
        await pool.shutdown()
    }

    /// Runs SQL beside the API.
    func sql(_ script: String) throws {
        try PostgresConnection.connect(configuration).execute(script: script)
    }

    /// The first column of every row, as text.
    func sqlTexts(_ query: String) throws -> [String] {
        let statement = PostgresStatement(name: "test", text: query, access: .readOnly)
        return try PostgresConnection.connect(configuration).query(statement).map { try $0.text(0) }
    }
}

extension TestAPI {
    /// An API with an issuer `acme`.
    static func withIssuer(change: (inout APISettings) throws -> Void = { _ in }) async throws -> TestAPI {
        let api = try TestAPI(change: change)
        try await api.makeIssuer("acme")
        return api
    }

    func makeIssuer(_ name: String) async throws {
        let answer = await call("PUT /v1/issuers/\(name)", json: #"{"issuer": "https://\#(name).example"}"#)
        try answer.require(201)
    }

    func makeClient(_ clientID: String, of issuer: String = "acme", _ metadata: String? = nil) async throws {
        let metadata = metadata ?? #"{"backchannel_logout_uri": "https://rp.example/logout"}"#
        try await call("PUT /v1/issuers/\(issuer)/clients/\(clientID)", json: metadata).require(201)
    }

    /// Makes an API key, an operator's without an issuer; returns all of it.
    func makeKey(of issuer: String?, _ scopes: [String]) async throws -> String {
        let list = scopes.map { "\"\($0)\"" }.joined(separator: ", ")
        let rest = issuer.map { #""issuer": "\#($0)", "scopes": [\#(list)]"# } ?? #""issuer": null"#
        let answer = await call("POST /v1/api-keys", json: #"{"name": "a key", \#(rest)}"#)
        try answer.require(201)
        return try answer.text("key")
    }

    /// Accepts a logout event; returns its id.
    func makeEvent(
        of issuer: String = "acme",
        targets: String = #"[{"client_id": "rp", "sub": "s", "sid": "1"}]"#
    ) async throws -> String {
        let answer = await call(
            "POST /v1/issuers/\(issuer)/logout-events",
            json: #"{"targets": \#(targets)}"#
        )
        try answer.require(202)
        return try answer.text("id")
    }
}
