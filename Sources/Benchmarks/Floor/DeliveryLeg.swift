internal import Glibc
internal import PostgresClient
internal import StrictJSON

/// What one run of deliveries through the product cost and gave.
struct DeliveryCost: Sendable, Hashable {
    var deliveries = 0
    /// CPU microseconds of all of them.
    var cpu = CPUReading()
    /// From the first request of the intake to the last durable outcome.
    var seconds = 0.0
    var walBytes = 0.0

    func perDelivery(_ used: Double) -> Double { used / Double(max(1, deliveries)) }
    var total: Double { perDelivery(cpu.total) }
    var rate: Double { Double(deliveries) / max(seconds, 1e-9) }
}

/// Sends logouts to a product through its HTTP API and waits until every outcome is durable.
final class DeliveryLeg {
    /// Targets of one logout event.
    static let fanOut = 200
    private static let connections = 8
    /// How long a run may go on without any new POST.
    private static let patience: Duration = .seconds(30)
    /// Microseconds between two questions to the sink: each takes of its CPU time, which counts.
    private static let pause: UInt32 = 20_000

    private let stage: Stage
    private let product: ProductProcess
    private let api: APICaller
    private let relyingParties: Stage.RelyingParties
    private let issuer: String
    private let observer: PostgresConnection
    private let clients: Int
    private var run = 0

    init(_ stage: Stage, _ product: ProductProcess, _ parties: Stage.RelyingParties, issuer: String) throws {
        (self.stage, self.product, relyingParties, self.issuer) = (stage, product, parties, issuer)
        api = try stage.caller(of: product)
        observer = try stage.connect()
        clients = parties.sink.ports.count
    }

    /// Delivers.
    ///
    /// - Parameter count: how many; rounded down to whole events, at least one.
    /// - Returns: what it cost.
    /// - Throws: an error where an event is refused, or outcomes stay out.
    func deliver(_ count: Int) throws -> DeliveryCost {
        try Interrupt.check()
        run += 1
        let events = max(1, count / Self.fanOut)
        let requests = (0..<events).map { request($0) }
        var cost = DeliveryCost()
        cost.deliveries = events * Self.fanOut
        let wal = try walPosition()
        let before = read()
        let start = Moment.now
        let result = try LeanClient.run(
            LoadPlan(ports: [product.port], connections: Self.connections, requests: events) { requests[$0] }
        )
        guard result.statuses == [202: events] else {
            throw BenchmarkError("of \(events) logout events the API answered \(result.statuses)")
        }
        try waitForEnd(of: cost.deliveries)
        cost.seconds = Double(Moment.now - start) / 1e9
        cost.cpu = quietReading().since(before)
        cost.walBytes = try walPosition() - wal
        return cost
    }

    /// One logout event: every client once, where there are as many as targets.
    private func request(_ event: Int) -> [UInt8] {
        let targets = (0..<Self.fanOut).map { index in
            let client = (event * Self.fanOut + index) % clients
            return
                #"{"client_id":"c\#(client)","sub":"user-\#(event)","sid":"s-\#(run)-\#(event)-\#(index)"}"#
        }
        let body = #"{"targets":["# + targets.joined(separator: ",") + "]}"
        return LoadPlan.post(
            "/v1/issuers/\(issuer)/logout-events",
            port: product.port,
            headers: ["Authorization: Bearer \(stage.operatorKey)", "Content-Type: application/json"],
            body: Array(body.utf8)
        )
    }

    /// First the relying parties are asked, which costs the product nothing; then it, until nothing is open.
    private func waitForEnd(of count: Int) throws {
        var posts = -1
        var deadline = ContinuousClock.now + Self.patience
        while posts < count {
            try Interrupt.check()
            let seen = try relyingParties.sink.posts()
            if seen > posts { (posts, deadline) = (seen, ContinuousClock.now + Self.patience) }
            guard product.program.isRunning else {
                throw BenchmarkError("the product has ended: \(product.program.lastWords)")
            }
            guard ContinuousClock.now < deadline else {
                throw BenchmarkError("\(posts) of \(count) POSTs have come, and none for \(Self.patience)")
            }
            usleep(Self.pause)
        }
        for status in ["delivering", "pending", "retrying"] {
            while try isAny(status) {
                try Interrupt.check()
                guard ContinuousClock.now < deadline else {
                    throw BenchmarkError("deliveries stay \(status)")
                }
                usleep(5_000)
            }
        }
    }

    private func isAny(_ status: String) throws -> Bool {
        let page = try api.call("GET", "/v1/issuers/\(issuer)/deliveries?status=\(status)&limit=1")
        guard case .array(let items)? = page["items"] else {
            throw BenchmarkError("the list has no items")
        }
        return !items.isEmpty
    }

    private func read() -> CPUReading {
        stage.readCPU(product: [product], sink: relyingParties.process, without: [observer])
    }

    /// The reading once the product rests: what it puts off until after a delivery is a cost of the delivery too.
    private func quietReading() -> CPUReading {
        let (pause, rounds, share) = (UInt32(50_000), 20, 0.1)
        var last = read()
        for _ in 0..<rounds {
            usleep(pause)
            let next = read()
            let used = next.since(last)
            last = next
            if used.product + used.postgres < Double(pause) * share { break }
        }
        return last
    }

    private static let wal = PostgresStatement(
        name: "bench_wal",
        text: "select (pg_current_wal_lsn() - '0/0'::pg_lsn)::float8",
        access: .readOnly
    )

    private func walPosition() throws -> Double { try observer.query(Self.wal).first?.float8(0) ?? 0 }

    /// How many attempts and `delivered` audit events there are.
    func recorded() throws -> (attempts: Int, audited: Int) {
        let attempts = try observer.query(ProductTables.attempts).first?.int8(0) ?? -1
        let audited = try observer.query(ProductTables.deliveredAudits).first?.int8(0) ?? -1
        return (Int(attempts), Int(audited))
    }
}
