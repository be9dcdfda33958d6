/// What it costs to accept a logout, with nobody who delivers it.
struct IntakeScenario: Scenario {
    let name = "intake"
    let sentence =
        "CPU, rate and latency of accepting logouts over 64 connections, made durable by group commit"

    private static let connections = 64

    func run(on stage: Stage, into report: inout ScenarioReport) throws {
        // Deliveries are another process's affair, and there is none but for the first ones, which warm up.
        let scene = try Scene(on: stage, roles: [.serve, .work])
        scene.end(.work)
        let count = stage.scale == .correctness ? 300 : Int.max
        let seconds = stage.scale == .full ? 20.0 : 4
        let empty = scene.request("POST", scene.path("/logout-events"), #"{"targets":[]}"#)
        let participations = stage.scale == .correctness ? 300 : stage.scale == .full ? 600_000 : 120_000
        try scene.importParticipations(participations) { (user: "user-\($0)", sid: "s-\($0)") }
        let filters = scene.filters("s-")
        let shapes: [(String, Int, @Sendable (Int) -> [UInt8])] = [
            ("no target", count, { _ in empty }),
            ("one target", count, scene.singles("i-")),
            ("a filter", min(count, participations), filters),
        ]
        var accepted = 0
        for (shape, limit, request) in shapes {
            let before = scene.readCPU()
            let result = try scene.load(
                scene.plan(connections: Self.connections, requests: limit, seconds: seconds, request)
            )
            let cpu = scene.readCPU().since(before).each(of: result.requests.count)
            accepted += result.requests.count
            let isMain = shape == "one target"
            report.add(Figure("requests, \(shape)", Double(result.requests.count), ""))
            report.add(
                Figure(
                    "cpu per request, \(shape)",
                    cpu.product + cpu.postgres,
                    "us",
                    aim: isMain ? .atMost(65) : nil
                )
            )
            report.add(Figure("of it product, \(shape)", cpu.product, "us"))
            report.add(Figure("of it Postgres, \(shape)", cpu.postgres, "us"))
            report.add(Figure("rate, \(shape)", result.rate, "1/s", aim: isMain ? .atLeast(15_000) : nil))
            report.add(Figure("p50, \(shape)", result.latencies.p50, "ms"))
            report.add(Figure("p99, \(shape)", result.latencies.p99, "ms"))
        }
        let warm = 2 * ((scene.clients + 49) / 50)
        let events = try scene.number("bench_events", "select count(*) from lastcall.logout_events") - warm
        report.add(.equal("each accepted logout is an event", events, accepted))
        report.add(
            .equal(
                "nothing was sent while nobody delivered",
                try scene.sink.posts(),
                0
            )
        )
    }
}
