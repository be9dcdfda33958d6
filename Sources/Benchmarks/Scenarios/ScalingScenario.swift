/// Whether more workers cost more for each delivery, or get into each other's way.
struct ScalingScenario: Scenario {
    let name = "scaling"
    let sentence =
        "What a delivery costs with 1, 2 and 4 worker processes on one Postgres, and that none is sent twice"

    func run(on stage: Stage, into report: inout ScenarioReport) throws {
        let (rounds, count): (Int, Int) =
            switch stage.scale {
            case .correctness: (1, 400)
            case .standard: (3, 8_000)
            case .full: (9, 40_000)
            }
        let scene = try Scene(on: stage, roles: [.serve])
        var (costs, rates): ([Int: [CPUReading]], [Int: [Double]]) = ([:], [:])
        // In turns, because the machine is never quiet for long: each round is compared with itself.
        for round in 0..<rounds {
            scene.end(.work)
            for workers in [1, 2, 4] {
                while scene.products.count < 1 + workers { try scene.add(.work) }
                let before = try scene.deliveredCount()
                // Each worker shakes hands with each client once; that is no cost of a delivery.
                _ = try scene.cost(of: count, "w\(round)-\(workers)-first-")
                let (cpu, rate) = try scene.cost(of: count, "w\(round)-\(workers)-")
                costs[workers, default: []].append(cpu)
                rates[workers, default: []].append(rate)
                let sent = 2 * (count / 200) * 200
                let found = try scene.deliveredCount() - before
                try scene.checkDeliveries(sent, delivered: (found, sent), into: &report)
            }
        }
        for workers in [1, 2, 4] {
            let cost = costs[workers] ?? []
            let parts: [(String, KeyPath<CPUReading, Double>)] = [
                ("cpu per delivery", \.total), ("of it product", \.product), ("of it Postgres", \.postgres),
            ]
            for (name, part) in parts {
                let median = Statistics(cost.map { $0[keyPath: part] }).median
                report.add(Figure("\(name), workers: \(workers)", median, "us"))
            }
            let rate = Statistics(rates[workers] ?? []).median
            report.add(Figure("rate, workers: \(workers)", rate, "1/s"))
        }
        for workers in [2, 4] {
            let ratios = zip(costs[workers] ?? [], costs[1] ?? []).map { $0.total / $1.total }
            report.add(
                .ratio(
                    "cost with \(workers) workers / with 1",
                    Statistics(ratios).median,
                    better: .lower,
                    tolerance: 0.1,
                    aim: .atMost(1.1)
                )
            )
        }
    }
}
