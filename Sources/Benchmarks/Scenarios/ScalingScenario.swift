/// Whether more workers cost more for each delivery, or get into each other's way.
struct ScalingScenario: Scenario {
    let name = "scaling"
    let sentence =
        "What a delivery costs with 1, 2 and 4 worker processes on one Postgres, and that none is sent twice"

    func run(on stage: Stage, into report: inout ScenarioReport) throws {
        let (legs, count): (Int, Int) =
            switch stage.scale {
            case .correctness: (1, 400)
            case .standard: (3, 8_000)
            case .full: (9, 40_000)
            }
        let scene = try Scene(on: stage, roles: [.serve, .work])
        var (before, alone) = (try scene.deliveredCount(), 0.0)
        for workers in [1, 2, 4] {
            while scene.products.count < 1 + workers { try scene.add(.work) }
            before = try scene.deliveredCount()
            try scene.sink.reset()
            _ = try scene.cost(of: count, "w\(workers)-warm-")
            let cost = try scene.legs(legs, of: count, "w\(workers)")
            report.add(Figure("cpu per delivery, \(workers) workers", cost.cost.median, "us"))
            report.add(Figure("rate, \(workers) workers", cost.rate.median, "1/s"))
            if workers == 1 {
                alone = cost.cost.median
            } else {
                report.add(
                    .ratio(
                        "cost with \(workers) workers / with 1",
                        cost.cost.median / alone,
                        better: .lower,
                        tolerance: 0.1,
                        aim: .atMost(1.1)
                    )
                )
            }
            let sent = (legs + 1) * (count / 200) * 200
            let found = try scene.deliveredCount() - before
            try scene.checkDeliveries(sent, delivered: (found, sent), into: &report)
        }
    }
}
