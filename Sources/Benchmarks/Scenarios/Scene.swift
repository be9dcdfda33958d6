internal import PostgresClient
internal import StrictJSON

/// One issuer with its clients, their sink, and the product between them: what the scenarios play with.
///
/// It belongs to the stage's thread. Everything is set up through the product's own API.
final class Scene {
    /// The issuer's name.
    static let issuer = "bench"

    let stage: Stage
    let sink: SinkHandle
    let sinkProcess: ChildProgram
    let api: APICaller
    /// Who takes requests.
    let server: ProductProcess
    /// All processes of the product.
    private(set) var products: [ProductProcess]
    /// How many clients there are: `c0`, `c1`, ...
    let clients: Int
    let database: PostgresConnection

    /// Starts the sink and the product, and registers a key and the clients.
    ///
    /// - Parameters:
    ///   - stage: a fresh one.
    ///   - clients: how many, each at a port of its own as far as there are descriptors for that many.
    ///   - roles: the product's processes, the one that takes requests first.
    ///   - environment: settings beyond the defaults.
    ///   - algorithm: what tokens are signed with.
    /// - Throws: ``BenchmarkError`` and its like.
    init(
        on stage: Stage,
        clients: Int = 200,
        roles: [ProductProcess.Role] = [.up],
        environment: [String: String] = [:],
        algorithm: String = "ES256"
    ) throws {
        self.stage = stage
        self.clients = clients
        // A port and a connection each, in one process: where descriptors are scarce, clients share ports.
        let room = OpenFiles.raise(to: 2 * clients + 2_048) - clients - 2_048
        let ports = max(1, min(clients, room))
        let parties = try stage.startRelyingParties(ports)
        (sinkProcess, sink) = (parties.process, parties.sink)
        products = []
        for role in roles { products.append(try stage.start(role, environment: environment)) }
        server = products[0]
        api = try stage.caller(of: server)
        database = try stage.connect()
        try api.call("PUT", "/v1/issuers/\(Self.issuer)", #"{"issuer": "\#(Stage.issuerURL)"}"#)
        try api.call("POST", path("/signing-keys"), #"{"alg": "\#(algorithm)"}"#)
        try register(algorithm)
        if roles != [.serve] { try settle() }
    }

    /// The path of something of the issuer's.
    func path(_ rest: String) -> String { "/v1/issuers/\(Self.issuer)\(rest)" }

    /// Starts another process of the product.
    ///
    /// - Parameters:
    ///   - role: what it does.
    ///   - isWarmed: whether it delivers some logouts before this returns, after which the sink has forgotten everything.
    /// - Throws: ``BenchmarkError``.
    func add(_ role: ProductProcess.Role, isWarmed: Bool = true) throws {
        products.append(try stage.start(role))
        if isWarmed { try settle() }
    }

    /// Ends all processes of the product that do this.
    func end(_ role: ProductProcess.Role) {
        for product in products where product.role == role { product.program.end(within: .seconds(10)) }
        products.removeAll { $0.role == role }
    }

    /// Reads the CPU times of now, without what looking at the database costs.
    func readCPU() -> CPUReading {
        stage.readCPU(product: products, sink: sinkProcess, without: [database])
    }

    /// The port of a client.
    func port(of client: Int) -> UInt16 { sink.ports[client % sink.ports.count] }

    /// A request of the API, ready to be sent.
    func request(_ method: String, _ path: String, _ body: String, headers: [String] = []) -> [UInt8] {
        let head =
            "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\nAuthorization: Bearer \(stage.operatorKey)\r\n"
            + "Content-Type: application/json\r\n" + headers.map { $0 + "\r\n" }.joined()
        return Array("\(head)Content-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8)
    }

    /// Runs a load against the API, and refuses answers that are none.
    func load(_ plan: LoadPlan, expecting statuses: Set<Int> = [202]) throws -> LoadResult {
        try Interrupt.check()
        let result = try LeanClient.run(plan)
        guard Set(result.statuses.keys).isSubset(of: statuses) else {
            throw BenchmarkError("the API answered \(result.statuses)")
        }
        return result
    }

    /// A plan for the API.
    func plan(
        connections: Int,
        pace: LoadPlan.Pace = .asFastAsAnswered,
        requests: Int = .max,
        seconds: Double = 3_600,
        stop: LoadStop? = nil,
        _ request: @escaping @Sendable (Int) -> [UInt8]
    ) -> LoadPlan {
        LoadPlan(
            ports: [server.port],
            connections: connections,
            pace: pace,
            requests: requests,
            seconds: seconds,
            stop: stop,
            request: request
        )
    }

    /// Waits until nothing is queued for any client but these.
    ///
    /// - Throws: an error where it takes longer than this.
    func waitUntilDelivered(sparing spared: [Int] = [], seconds: Double = 120) throws {
        let end = Moment.now + UInt64(seconds * 1e9)
        let names = spared.map { "c\($0)" }
        while true {
            try Interrupt.check()
            let isOpen = try database.query(Self.isOpen, .textArray(names)).first?.bool(0) ?? false
            if !isOpen { return }
            guard Moment.now < end else {
                throw BenchmarkError("deliveries are still open after \(seconds) s")
            }
            Pause.milliseconds(10)
        }
    }

    /// Waits until so many POSTs have come, which nobody but the sink is asked.
    func waitForPosts(_ count: Int, seconds: Double = 120) throws {
        let end = Moment.now + UInt64(seconds * 1e9)
        while try sink.posts() < count {
            try Interrupt.check()
            guard Moment.now < end else { throw BenchmarkError("POSTs are missing after \(seconds) s") }
            Pause.milliseconds(2)
        }
    }

    private static let isOpen = PostgresStatement(
        name: "bench_is_open",
        text: """
            select exists (select from lastcall.clients c where not c.client_id = any($1::text[])
                and exists (select from lastcall.delivery_queue q where q.client_key = c.client_key))
            """,
        access: .readOnly
    )

    /// One number from the database.
    func number(_ name: String, _ sql: String) throws -> Int {
        Int(
            try database.query(PostgresStatement(name: name, text: sql, access: .readOnly)).first?.int8(0)
                ?? 0
        )
    }

    /// How many deliveries have ended as delivered.
    func deliveredCount() throws -> Int {
        try number(
            "bench_delivered",
            "select count(*) from lastcall.delivery_view where status = 'delivered'"
        )
    }

    private func register(_ algorithm: String) throws {
        let requests = (0..<clients).map { client in
            request(
                "PUT",
                path("/clients/c\(client)"),
                #"{"backchannel_logout_uri": "https://127.0.0.1:\#(port(of: client))/bcl", "#
                    + #""id_token_signed_response_alg": "\#(algorithm)"}"#
            )
        }
        let plan = plan(connections: 8, requests: clients) { requests[$0] }
        _ = try load(plan, expecting: [200, 201])
    }

    /// Sends each client a logout and waits for it: connections are open, caches warm and statements prepared afterwards.
    private func settle() throws {
        let clients = clients
        let (count, fan) = ((clients + 49) / 50, min(clients, 50))
        let requests = (0..<count).map { event in
            logout((0..<fan).map { Target(client: (event * fan + $0) % clients, sid: "warm-\(event)-\($0)") })
        }
        for _ in 0..<2 { _ = try load(plan(connections: 4, requests: count) { requests[$0] }) }
        try waitUntilDelivered()
        try sink.reset()
    }
}
