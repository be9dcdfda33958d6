/// Whether a client that is down, and has very much waiting, costs the others anything.
struct DeadClientScenario: Scenario {
    let name = "dead-client"
    let sentence = "What the deliveries of 199 clients cost while very many wait for one that is down"

    private static let dead = 0
    private static let targetsPerEvent = 10_000

    func run(on stage: Stage, into report: inout ScenarioReport) throws {
        let (waiting, legs, count): (Int, Int, Int) =
            switch stage.scale {
            case .correctness: (2_000, 1, 400)
            case .standard: (100_000, 3, 6_000)
            case .full: (1_000_000, 5, 20_000)
            }
        let scene = try Scene(on: stage)
        var delivered = try scene.deliveredCount()
        try scene.sink.behave(.refuse, at: Self.dead..<(Self.dead + 1))
        // The breaker opens, in both halves alike.
        _ = try scene.load(
            scene.plan(connections: 1, requests: 1, scene.backlog(20, "first-", for: Self.dead))
        )
        let before = try scene.legs(legs, of: count, "before", sparing: [Self.dead])
        let events = max(1, waiting / Self.targetsPerEvent)
        _ = try scene.load(
            scene.plan(
                connections: 1,
                requests: events,
                scene.backlog(waiting / events, "wait-", for: Self.dead)
            )
        )
        stage.say("\(waiting) deliveries wait")
        // In turns, because the machine is never quiet for long: on hold nobody looks at what waits.
        var (costs, rates): ([Double], [Double]) = ([], [])
        for leg in 0..<legs {
            let held = try scene.held(Self.dead) {
                try scene.cost(of: count, "held-\(leg)-", sparing: [Self.dead])
            }
            let due = try scene.cost(of: count, "due-\(leg)-", sparing: [Self.dead])
            costs.append(due.cpu.total / held.cpu.total)
            rates.append(due.rate / held.rate)
        }
        report.add(Figure("waiting", Double(waiting), ""))
        report.add(Figure("cpu per delivery before any waited", before.cost.median, "us"))
        report.add(Figure("rate before any waited", before.rate.median, "1/s"))
        report.add(
            .ratio(
                "cost while they are due / on hold",
                Statistics(costs).median,
                better: .lower,
                tolerance: 0.1,
                aim: .atMost(1.05)
            )
        )
        report.add(
            .ratio(
                "rate while they are due / on hold",
                Statistics(rates).median,
                better: .higher,
                tolerance: 0.2,
                aim: .atLeast(0.95)
            )
        )
        let log = try StatementLog(of: scene)
        _ = try scene.cost(of: count, "logged-", sparing: [Self.dead])
        let claims = try log.end().filter { $0.statement.hasPrefix("claim") }
        let times = Latencies(nanoseconds: claims.map { UInt64($0.milliseconds * 1e6) })
        report.add(Figure("claims looked at", Double(times.count), ""))
        report.add(Figure("claim p50", times.p50, "ms"))
        report.add(Figure("claim p99", times.p99, "ms", aim: .atMost(10)))
        report.add(Check("claims were seen", times.count > 0))
        delivered = try scene.deliveredCount() - delivered
        // Every 200th target is the dead client's.
        let healthy = (3 * legs + 1) * (count / 200) * (200 - 1)
        try scene.checkDeliveries(healthy, delivered: (delivered, healthy), into: &report)
    }
}

extension Scene {
    /// Requests for logouts of so many sessions at one client.
    func backlog(_ count: Int, _ prefix: String, for client: Int) -> @Sendable (Int) -> [UInt8] {
        let (path, key, port) = (path("/logout-events"), stage.operatorKey, server.port)
        return { number in
            let targets = (0..<count).map { Target(client: client, sid: "\(prefix)\(number)-\($0)").json }
            return LoadPlan.post(
                path,
                port: port,
                headers: ["Authorization: Bearer \(key)", "Content-Type: application/json"],
                body: Array("{\"targets\":[\(targets.joined(separator: ","))]}".utf8)
            )
        }
    }

    /// Does something while a client is on hold.
    fileprivate func held<R>(_ client: Int, _ body: () throws -> R) throws -> R {
        try api.call("POST", path("/clients/c\(client)/hold"))
        let result = try body()
        try api.call("POST", path("/clients/c\(client)/release"))
        return result
    }

    /// Several measures of the same, of which the middle one counts.
    func legs(_ legs: Int, of count: Int, _ prefix: String, sparing spared: [Int] = []) throws
        -> (cost: Statistics, rate: Statistics)
    {
        var (costs, rates): ([Double], [Double]) = ([], [])
        for leg in 0..<legs {
            let (cpu, rate) = try cost(of: count, "\(prefix)-\(leg)-", sparing: spared)
            costs.append(cpu.total)
            rates.append(rate)
        }
        return (Statistics(costs), Statistics(rates))
    }
}
