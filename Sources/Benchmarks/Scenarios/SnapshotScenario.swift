internal import PostgresClient

/// Whether a transaction that somebody forgot slows delivery down.
struct SnapshotScenario: Scenario {
    let name = "snapshot"
    let sentence = "Deliveries a second, and what each costs, while a snapshot is held open all the time"

    private static let parts = 6
    private static let fan = 50

    func run(on stage: Stage, into report: inout ScenarioReport) throws {
        let seconds =
            switch stage.scale {
            case .correctness: 0.5
            case .standard: 10.0
            case .full: 60.0
            }
        // The full run holds it for ten minutes, so that its last minute is the tenth.
        let parts = stage.scale == .full ? 10 : stage.scale == .correctness ? 2 : Self.parts
        let scene = try Scene(on: stage)
        let delivered = try scene.deliveredCount()
        let holder = try stage.connect()
        try holder.execute(script: "begin isolation level repeatable read; select pg_current_snapshot()")
        // Each connection waits for the end of its event, so that as much is queued at the end as at the beginning.
        var (rates, costs, count): ([Double], [Double], Int) = ([], [], 0)
        for part in 0..<parts {
            let (before, start) = (scene.readCPU(), Moment.now)
            let result = try scene.load(
                scene.plan(
                    connections: 16,
                    seconds: seconds,
                    scene.fans("p\(part)-", of: Self.fan, headers: ["Prefer: wait=30"])
                ),
                expecting: [200]
            )
            let done = result.requests.count * Self.fan
            rates.append(Double(done) / (Double(Moment.now - start) / 1e9))
            costs.append(scene.readCPU().since(before).each(of: done).total)
            count += done
        }
        let age = try scene.number(
            "bench_snapshot",
            """
            select coalesce(max(extract(epoch from now() - xact_start)), 0)::int8 from pg_stat_activity
            where backend_xmin is not null and application_name = 'lastcall-bench'
            """
        )
        try holder.execute(script: "rollback")
        report.add(Figure("held for", Double(age), "s"))
        report.add(Figure("rate, first part", rates[0], "1/s"))
        report.add(Figure("rate, last part", rates[parts - 1], "1/s"))
        report.add(Figure("cpu per delivery, first part", costs[0], "us"))
        report.add(Figure("cpu per delivery, last part", costs[parts - 1], "us"))
        report.add(
            .ratio(
                "rate last / first",
                rates[parts - 1] / rates[0],
                better: .higher,
                tolerance: 0.2,
                aim: .atLeast(0.9)
            )
        )
        report.add(
            .ratio(
                "cost last / first",
                costs[parts - 1] / costs[0],
                better: .lower,
                tolerance: 0.15,
                aim: .atMost(1.1)
            )
        )
        report.add(
            Check(
                "the snapshot was held all the time",
                Double(age) >= seconds * Double(parts) - 1,
                detail: "\(age) s"
            )
        )
        let found = try scene.deliveredCount() - delivered
        try scene.checkDeliveries(count, delivered: (found, count), into: &report)
    }
}
