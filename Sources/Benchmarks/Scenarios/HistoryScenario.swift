/// Whether what was delivered long ago makes what is delivered now dearer.
struct HistoryScenario: Scenario {
    let name = "history"
    let sentence = "What a delivery costs as the delivered ones before it grow in number"

    func run(on stage: Stage, into report: inout ScenarioReport) throws {
        let (levels, legs, count): ([Int], Int, Int) =
            switch stage.scale {
            case .correctness: ([0, 2_000], 1, 400)
            case .standard: ([0, 200_000, 1_000_000], 3, 4_000)
            case .full: ([0, 1_000_000, 10_000_000], 5, 20_000)
            }
        let scene = try Scene(on: stage)
        let before = try scene.deliveredCount()
        // What is copied, and a first leg that is not measured.
        _ = try scene.cost(of: count, "base-")
        let seeding = Seeding(of: scene)
        var (costs, seeded): ([Double], Int) = ([], 0)
        for (position, level) in levels.enumerated() {
            if level > seeded {
                let start = Moment.now
                let (bytes, known) = (try scene.bytesOnDisk(), seeded)
                seeded += try seeding.addHistory(level - seeded)
                let bytesEach = (try scene.bytesOnDisk() - bytes) / Double(seeded - known)
                report.add(Figure("disk of a delivery, \(level) delivered", bytesEach, "bytes"))
                stage.say("\(seeded) delivered, after \(Int(Double(Moment.now - start) / 1e9)) s")
            }
            let cost = try scene.legs(legs, of: count, "leg-\(position)")
            costs.append(cost.cost.median)
            report.add(Figure("cpu per delivery, \(level) delivered", cost.cost.median, "us"))
            report.add(Figure("rate, \(level) delivered", cost.rate.median, "1/s"))
        }
        for (position, level) in levels.enumerated().dropFirst() {
            report.add(
                .ratio(
                    "cost with \(level) / with none",
                    costs[position] / costs[0],
                    better: .lower,
                    tolerance: 0.1,
                    aim: .atMost(1.1)
                )
            )
        }
        let sent = (1 + levels.count * legs) * (count / 200) * 200
        let delivered = try scene.deliveredCount() - before - seeded
        let audited = try scene.number(
            "bench_audited",
            "select count(*) from lastcall.audit_events where type = 'logout.back_channel.delivered'"
        )
        report.add(
            Check(
                "the history is there, with its audit trail",
                seeded >= (levels.last ?? 0) && audited == seeded + before + sent,
                detail: "\(seeded) deliveries, \(audited) audit events of them and of what was sent"
            )
        )
        try scene.checkDeliveries(sent, delivered: (delivered, sent), into: &report)
    }
}

extension Scene {
    /// All rows and indexes of the product.
    fileprivate func bytesOnDisk() throws -> Double {
        Double(
            try number(
                "bench_bytes",
                """
                select sum(pg_total_relation_size(c.oid))::int8 from pg_class c
                where c.relnamespace = 'lastcall'::regnamespace and c.relkind in ('r', 'm')
                """
            )
        )
    }
}
