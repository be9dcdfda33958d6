internal import Certificates
internal import PostgresClient
internal import Synchronization

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
    /// CPU time that each of the three is to take.
    private let microseconds: Double
    /// Enough that a first run says what one costs; later runs follow from that, never from the time on a wall, which would
    /// make them short where the machine is busy.
    private var counts: (sign: Int, post: Int, rows: Int) = (200, 2_000, 4 * BareLifecycle.batch)

    init(_ stage: Stage, _ key: BenchmarkKey, kid: String, _ parties: Stage.RelyingParties, seconds: Double)
        throws
    {
        signing = try SigningLoop(key, kid: kid)
        lifecycle = try BareLifecycle(on: try stage.connect())
        relyingParties = parties
        authority = stage.authority.certificatePEM
        microseconds = seconds * 1e6
    }

    /// Measures each of the three once.
    func run() throws -> FloorCost {
        try Interrupt.check()
        var cost = FloorCost()
        let signed = try signing.run(counts.sign)
        cost.sign = signed.microseconds
        (cost.postClient, cost.postSink) = try post(counts.post, signed.token)
        (cost.sqlBackend, cost.sqlClient) = try lifecycle.run(counts.rows)
        counts = (
            fitting(cost.sign, 200), fitting(cost.post, 2_000), fitting(cost.sql, 4 * BareLifecycle.batch)
        )
        try relyingParties.sink.reset()
        return cost
    }

    /// How many of that cost fit into the time.
    private func fitting(_ cost: Double, _ least: Int) -> Int {
        max(least, Int(min(microseconds / max(cost, 1), 1e6)))
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
        let process = relyingParties.process.id
        // Connecting is no part of a POST over a connection that is kept: the sink's time counts from the first request on.
        let start = Mutex(0.0)
        let result = try LeanClient.run(
            LoadPlan(
                ports: relyingParties.sink.ports,
                connections: requests.count,
                authority: authority,
                requests: count
            ) { number in
                if number == 0 { start.withLock { $0 = ProcessCPU.microseconds(of: process) ?? 0 } }
                return requests[number % requests.count]
            }
        )
        let used = (ProcessCPU.microseconds(of: process) ?? 0) - start.withLock { $0 }
        guard result.statuses == [200: count] else {
            throw BenchmarkError("the sink did not answer each POST of the lean client with 200")
        }
        return (result.cpuPerRequest, used / Double(count))
    }
}
