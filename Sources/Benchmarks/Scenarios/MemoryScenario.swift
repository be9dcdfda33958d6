internal import FoundationEssentials

/// How much memory a worker needs for many clients.
struct MemoryScenario: Scenario {
    let name = "memory"
    let sentence = "The most memory that one worker process has used after delivering to all of many clients"

    func run(on stage: Stage, into report: inout ScenarioReport) throws {
        let sizes: [(clients: Int, aim: Double)] =
            stage.scale == .correctness ? [(20, 120)] : [(200, 120), (10_000, 250)]
        for (clients, aim) in sizes {
            let scene = try Scene(on: stage, clients: clients, roles: [.serve, .work])
            let before = try scene.deliveredCount()
            let rounds = max(2, (stage.scale == .correctness ? 400 : 20_000) / clients)
            let fan = min(clients, 200)
            let events = rounds * clients / fan
            _ = try scene.load(scene.plan(connections: 4, requests: events, scene.fans("m-", of: fan)))
            try scene.waitUntilDelivered()
            let worker = scene.products[1].program.id
            report.add(
                Figure(
                    "peak of a worker, \(clients) clients",
                    try Self.peak(of: worker),
                    "MB",
                    aim: .atMost(aim)
                )
            )
            report.add(
                Figure(
                    "peak of the API, \(clients) clients",
                    try Self.peak(of: scene.server.program.id),
                    "MB"
                )
            )
            let received = try scene.sink.report()
            report.add(
                Figure("connections of the sink, \(clients) clients", Double(received.connections), "")
            )
            let found = try scene.deliveredCount() - before
            try scene.checkDeliveries(events * fan, delivered: (found, events * fan), into: &report)
            scene.end(.work)
            scene.end(.serve)
            scene.sinkProcess.end(within: .zero)
        }
    }

    /// The largest resident set that a process ever had, in megabytes of a million bytes.
    private static func peak(of process: Int32) throws -> Double {
        for line in ProcFile.text("/proc/\(process)/status").split(separator: "\n")
        where line.hasPrefix("VmHWM:") {
            if let kilobytes = line.split(separator: " ").dropFirst().first.flatMap({ Double($0) }) {
                return kilobytes * 1_024 / 1e6
            }
        }
        throw BenchmarkError("process \(process) says nothing of its memory")
    }
}
