internal import StrictJSON

/// What a delivery costs, against the least that it can cost on this machine: the figure that decides.
///
/// Legs of the product and of the calibrators alternate, and each pair gives one ratio, so that what else the machine does
/// weighs on both sides.
struct FloorScenario: Scenario {
    let algorithm: String
    let name: String
    /// What the median ratio should be, and how much worse a later run may be.
    let aim: Double
    private let pairs: Int

    static let es256 = FloorScenario(algorithm: "ES256", name: "floor", aim: 0.70, pairs: 9)
    static let rs256 = FloorScenario(algorithm: "RS256", name: "floor-rs256", aim: 0.92, pairs: 5)

    var sentence: String {
        "\(algorithm) deliveries over HTTPS to 200 clients, against the least that they can cost here"
    }

    private static let clients = 200
    private static let issuer = "bench"
    private static let samples = 20
    private static let warmUp = 4_000
    private static let tolerance = 0.12

    private struct Plan {
        /// How long a leg of the product is to take; the calibrators take as long together.
        var seconds: Double
        var pairs: Int
        /// Deliveries of a leg, where that is given.
        var deliveries: Int?
    }

    private func plan(_ scale: Scale) -> Plan {
        switch scale {
        case .correctness: Plan(seconds: 0.1, pairs: 1, deliveries: 2 * DeliveryLeg.fanOut)
        case .standard: Plan(seconds: 2, pairs: pairs)
        case .full: Plan(seconds: 4, pairs: 2 * pairs + 1)
        }
    }

    func run(on stage: Stage, into report: inout ScenarioReport) throws {
        let plan = plan(stage.scale)
        let key = try BenchmarkKey(algorithm)
        let parties = try stage.startRelyingParties(Self.clients)
        let product = try stage.start(.up)
        let api = try stage.caller(of: product)
        try stage.makeIssuer(Self.issuer, key: key, by: api)
        try stage.makeClients(parties.sink.ports, of: Self.issuer, algorithm: algorithm, by: api)
        let served = try ServedKey(api.call("GET", "/issuers/\(Self.issuer)/jwks.json"), algorithm: algorithm)
        let leg = try DeliveryLeg(stage, product, parties, issuer: Self.issuer)
        let calibrators = try Calibrators(stage, key, kid: served.kid, parties, seconds: plan.seconds / 3)

        // The first run opens the connections and fills caches, the second says how many deliveries a leg needs.
        var counts = Counts()
        var size = Self.warmUp
        for _ in 0..<(plan.deliveries == nil ? 2 : 1) {
            let cost = try deliver(plan.deliveries ?? size, leg, parties, served, &counts)
            size = plan.deliveries ?? Int(min(max(cost.rate * plan.seconds, 2_000), 80_000))
        }
        _ = try calibrators.run()
        let fsync = Statistics(try FsyncProbe.microseconds(in: stage.folder)).median
        var legs: [(ours: DeliveryCost, floor: FloorCost)] = []
        for pair in 1...plan.pairs {
            let ours = try deliver(size, leg, parties, served, &counts)
            let floor = try calibrators.run()
            legs.append((ours, floor))
            stage.say(
                "\(name) \(pair) of \(plan.pairs): \(ScenarioReport.number(ours.total)) us a delivery, floor "
                    + "\(ScenarioReport.number(floor.total)) us"
            )
        }
        let recorded = try leg.recorded()
        counts.check(recorded, &report)
        // A few hundred deliveries after a cold start say nothing of their cost.
        if stage.scale != .correctness { show(legs, fsync: fsync, &report) }
    }

    private func deliver(
        _ count: Int,
        _ leg: DeliveryLeg,
        _ parties: Stage.RelyingParties,
        _ served: ServedKey,
        _ counts: inout Counts
    ) throws -> DeliveryCost {
        let cost = try leg.deliver(count)
        counts.add(
            try parties.sink.report(samples: Self.samples),
            cost.deliveries,
            parties.sink.ports,
            served
        )
        try parties.sink.reset()
        return cost
    }

    private func show(
        _ legs: [(ours: DeliveryCost, floor: FloorCost)],
        fsync: Double,
        _ report: inout ScenarioReport
    ) {
        func median(_ value: (DeliveryCost, FloorCost) -> Double) -> Double {
            Statistics(legs.map { value($0.ours, $0.floor) }).median
        }
        let ratios = Statistics(legs.map { $0.floor.total / $0.ours.total })
        report.add(
            .ratio(
                "floor ratio",
                ratios.median,
                better: .higher,
                tolerance: Self.tolerance,
                aim: .atLeast(aim)
            )
        )
        report.add(Figure("floor ratio, lower quartile", ratios.lowerQuartile, Figure.ratioUnit))
        report.add(Figure("floor ratio, upper quartile", ratios.upperQuartile, Figure.ratioUnit))
        report.add(Figure("pairs of legs", Double(legs.count), ""))
        report.add(Figure("a delivery", median { ours, _ in ours.total }, "us"))
        report.add(
            Figure("of it the product", median { ours, _ in ours.perDelivery(ours.cpu.product) }, "us")
        )
        report.add(Figure("of it Postgres", median { ours, _ in ours.perDelivery(ours.cpu.postgres) }, "us"))
        report.add(Figure("of it the sink", median { ours, _ in ours.perDelivery(ours.cpu.sink) }, "us"))
        report.add(Figure("the floor", median { _, floor in floor.total }, "us"))
        report.add(Figure("of it the signed token", median { _, floor in floor.sign }, "us"))
        report.add(Figure("of it the POST, client", median { _, floor in floor.postClient }, "us"))
        report.add(Figure("of it the POST, sink", median { _, floor in floor.postSink }, "us"))
        report.add(Figure("of it SQL, backend", median { _, floor in floor.sqlBackend }, "us"))
        report.add(Figure("of it SQL, client", median { _, floor in floor.sqlClient }, "us"))
        report.add(Figure("rate", median { ours, _ in ours.rate }, "1/s"))
        report.add(Figure("deliveries of a leg", median { ours, _ in Double(ours.deliveries) }, ""))
        report.add(
            Figure("WAL of a delivery", median { ours, _ in ours.perDelivery(ours.walBytes) }, "bytes")
        )
        report.add(Figure("fsync p50", fsync, "us"))
        report.add(Figure("foreign CPU", median { ours, _ in ours.cpu.foreignShare * 100 }, "%"))
    }
}

/// What was sent and what came, over all legs.
private struct Counts {
    private var deliveries = 0
    private var seen = SinkReport.Totals()
    private var verified = 0
    private var defects: [String] = []

    mutating func add(_ report: SinkReport, _ deliveries: Int, _ ports: [UInt16], _ key: ServedKey) {
        self.deliveries += deliveries
        seen.add(report)
        for sample in report.samples {
            let client =
                ports.firstIndex(of: UInt16(truncatingIfNeeded: sample.port)).map { "c\($0)" } ?? "nobody"
            if let defect = key.defect(of: sample.token, issuer: Stage.issuerURL, audience: client) {
                defects.append(defect)
            } else {
                verified += 1
            }
        }
    }

    func check(_ recorded: (attempts: Int, audited: Int), _ report: inout ScenarioReport) {
        report.add(.equal("as many POSTs came as deliveries were asked for", seen.posts, deliveries))
        report.add(.equal("every POST had a jti of its own", seen.distinctJTI, deliveries))
        report.add(.equal("every delivery came", seen.distinctDeliveries, deliveries))
        report.add(
            Check(
                "sampled tokens verify with the served JWK Set",
                defects.isEmpty && verified > 0,
                detail: defects.first ?? "\(verified)"
            )
        )
        report.add(.equal("every delivery has one attempt", recorded.attempts, deliveries))
        report.add(.equal("every delivery has its audit event", recorded.audited, deliveries))
    }
}

extension SinkReport {
    /// Sums over reports between which the sink forgot.
    fileprivate struct Totals {
        var posts = 0
        var distinctJTI = 0
        var distinctDeliveries = 0

        mutating func add(_ report: SinkReport) {
            posts += report.posts
            distinctJTI += report.distinctJTI
            distinctDeliveries += report.distinctDeliveries
        }
    }
}
