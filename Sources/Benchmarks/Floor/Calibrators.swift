internal import Certificates
internal import PostgresClient

/// What a delivery costs at least on this machine: a signed token, its POST to the same relying parties, its rows in the same
/// cluster; each by code that does nothing else. CPU microseconds for each delivery.
struct FloorCost: Sendable, Hashable {
    var sign = 0.0
    var postClient = 0.0
    var postSink = 0.0
    var sqlBackend = 0.0
    var sqlClient = 0.0

    var post: Double { postClient + postSink }
    var sql: Double { sqlBackend + sqlClient }
    var total: Double { sign + post + sql }
}

/// Measures the floor, on the same keys, relying parties and cluster as the product.
final class Calibrators {
    private let signing: SigningLoop
    private let lifecycle: BareLifecycle
    private let relyingParties: Stage.RelyingParties
    private let authority: String
    /// How long each of the three is to take, in seconds, and how much of it that was last time.
    private let seconds: Double
    private var counts: (sign: Int, post: Int, rows: Int) = (100, 1_000, 2_048)

    init(_ stage: Stage, _ key: BenchmarkKey, kid: String, _ parties: Stage.RelyingParties, seconds: Double)
        throws
    {
        signing = try SigningLoop(key, kid: kid)
        lifecycle = try BareLifecycle(on: try stage.connect())
        relyingParties = parties
        authority = stage.authority.certificatePEM
        self.seconds = seconds
    }

    /// Measures each of the three once.
    func run() throws -> FloorCost {
        try Interrupt.check()
        var cost = FloorCost()
        let signed = try timed(&counts.sign) { try signing.run($0) }
        cost.sign = signed.microseconds
        let posted = try timed(&counts.post) { try post($0, signed.token) }
        (cost.postClient, cost.postSink) = posted
        let lived = try timed(&counts.rows) { try lifecycle.run($0) }
        (cost.sqlBackend, cost.sqlClient) = lived
        try relyingParties.sink.reset()
        return cost
    }

    /// Runs so many, and finds out how many fit into the time for the next run.
    private func timed<R>(_ count: inout Int, _ body: (Int) throws -> R) rethrows -> R {
        let start = Moment.now
        let result = try body(count)
        let taken = max(Double(Moment.now - start) / 1e9, 0.001)
        count = min(max(Int(Double(count) * seconds / taken), 100), count * 50)
        return result
    }

    /// Posts the same token over as many connections as there are origins.
    private func post(_ count: Int, _ token: [UInt8]) throws -> (client: Double, sink: Double) {
        let body = Array("logout_token=".utf8) + token
        let headers = [
            "User-Agent: Lastcall/0", "Accept: */*", "Content-Type: application/x-www-form-urlencoded",
        ]
        let requests = relyingParties.sink.ports.map {
            LoadPlan.post("/bcl", port: $0, headers: headers, body: body)
        }
        let plan = LoadPlan(
            ports: relyingParties.sink.ports,
            connections: requests.count,
            authority: authority,
            requests: count
        ) { requests[$0 % requests.count] }
        let before = ProcessCPU.microseconds(of: relyingParties.process.id) ?? 0
        let handshakes = try LeanClient.run(
            LoadPlan(ports: plan.ports, connections: plan.connections, authority: authority, requests: 0) {
                _ in []
            }
        )
        let after = ProcessCPU.microseconds(of: relyingParties.process.id) ?? 0
        let result = try LeanClient.run(plan)
        guard result.statuses == [200: count], handshakes.requests.isEmpty else {
            throw BenchmarkError("the sink did not answer each POST of the lean client with 200")
        }
        // Connecting is no part of a POST over a connection that is kept: what it costs the sink is taken off.
        let used = (ProcessCPU.microseconds(of: relyingParties.process.id) ?? 0) - after - (after - before)
        return (result.cpuPerRequest, max(0, used) / Double(count))
    }
}
