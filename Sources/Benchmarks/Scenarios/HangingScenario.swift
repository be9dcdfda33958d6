/// Whether clients that hang delay those that answer.
struct HangingScenario: Scenario {
    let name = "hanging"
    let sentence = "Healthy clients' time from 202 to POST while 5 % and 50 % of 200 clients never answer"

    func run(on stage: Stage, into report: inout ScenarioReport) throws {
        let (rate, seconds): (Double, Double) =
            switch stage.scale {
            case .correctness: (100, 1)
            case .standard: (500, 12)
            case .full: (500, 60)
            }
        let scene = try Scene(on: stage)
        let baseline = try scene.steady("h0-", rate: rate, seconds: seconds)
        report.add(Figure("p50, all healthy", baseline.toPost.p50, "ms"))
        report.add(Figure("p99, all healthy", baseline.toPost.p99, "ms"))
        for percent in [5, 50] {
            let hanging = 0..<(scene.clients * percent / 100)
            try scene.sink.behave(.hang, at: hanging)
            let traffic = try scene.steady("h\(percent)-", rate: rate, seconds: seconds, sparing: hanging)
            report.add(Figure("p50, \(percent) % hanging", traffic.toPost.p50, "ms"))
            report.add(Figure("p99, \(percent) % hanging", traffic.toPost.p99, "ms"))
            report.add(Figure("longest, \(percent) % hanging", traffic.toPost.maximum, "ms"))
            report.add(
                .ratio(
                    "p99 with \(percent) % hanging / all healthy",
                    traffic.toPost.p99 / baseline.toPost.p99,
                    better: .lower,
                    tolerance: 0.5,
                    aim: .atMost(1.5)
                )
            )
            report.add(.equal("with \(percent) % hanging each healthy client was told", traffic.missing, 0))
        }
        let received = try scene.sink.report()
        report.add(.equal("no two tokens share a jti", received.distinctJTI, received.posts))
    }
}
