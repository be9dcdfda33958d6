/// How soon a relying party hears of a logout while there is little to do.
struct LatencyScenario: Scenario {
    let name = "latency"
    let sentence =
        "Time from the 202 to the first byte of the POST at 100 logouts a second, in one process and across two"

    private static let rate = 100.0

    func run(on stage: Stage, into report: inout ScenarioReport) throws {
        let seconds = stage.scale == .correctness ? 1.0 : stage.scale == .full ? 60 : 10
        let together = try Scene(on: stage)
        try measure(together, "in one process", seconds, (.atMost(3), .atMost(10)), &report)
        together.end(.up)
        let apart = try Scene(on: stage, roles: [.serve, .work])
        try measure(apart, "across processes", seconds, (nil, .atMost(15)), &report)
    }

    private func measure(
        _ scene: Scene,
        _ place: String,
        _ seconds: Double,
        _ aims: (p50: Figure.Aim?, p99: Figure.Aim?),
        _ report: inout ScenarioReport
    ) throws {
        let before = try scene.deliveredCount()
        let traffic = try scene.steady("l-", rate: Self.rate, seconds: seconds)
        report.add(Figure("p50, \(place)", traffic.toPost.p50, "ms", aim: aims.p50))
        report.add(Figure("p99, \(place)", traffic.toPost.p99, "ms", aim: aims.p99))
        report.add(Figure("longest, \(place)", traffic.toPost.maximum, "ms"))
        report.add(Figure("p99 of the answer, \(place)", traffic.toAnswer.p99, "ms"))
        let delivered = try scene.deliveredCount() - before
        try scene.checkDeliveries(traffic.count, delivered: (delivered, traffic.count), into: &report)
    }
}
