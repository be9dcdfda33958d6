internal import PostgresClient

/// How much goes to the disk for a logout that is accepted, and for one that is delivered.
struct WALScenario: Scenario {
    let name = "wal"
    let sentence = "Bytes of write-ahead log for each accepted logout and for each delivery"

    func run(on stage: Stage, into report: inout ScenarioReport) throws {
        let count = stage.scale == .correctness ? 400 : stage.scale == .full ? 100_000 : 20_000
        let scene = try Scene(on: stage, roles: [.serve, .work])
        let delivered = try scene.deliveredCount()
        // Whole pages go to the log once after each checkpoint; a first round writes those.
        try scene.database.execute(script: "checkpoint")
        _ = try scene.cost(of: count, "first-")
        scene.end(.work)
        try scene.waitForQuiet()
        let idle = try scene.walPosition()
        _ = try scene.load(scene.plan(connections: 64, requests: count, scene.singles("one-")))
        let accepted = try scene.walPosition()
        report.add(
            Figure("accepted logout with one target", Double(accepted - idle) / Double(count), "bytes")
        )
        try scene.add(.work, isWarmed: false)
        let started = try scene.walPosition()
        try scene.waitUntilDelivered()
        report.add(
            Figure(
                "delivery of one, a backlog of them",
                Double(try scene.walPosition() - accepted) / Double(count),
                "bytes"
            )
        )
        report.add(
            Figure("of it while the worker started", Double(started - accepted) / Double(count), "bytes")
        )
        let before = try scene.walPosition()
        _ = try scene.cost(of: count, "fan-")
        report.add(
            Figure(
                "accepted and delivered, of 200 in a logout",
                Double(try scene.walPosition() - before) / Double(count),
                "bytes"
            )
        )
        let sent = (count / 200) * 200 * 2 + count
        let found = try scene.deliveredCount() - delivered
        try scene.checkDeliveries(sent, delivered: (found, sent), into: &report)
    }
}

extension Scene {
    /// How many bytes of write-ahead log there have been.
    func walPosition() throws -> Int {
        try number("bench_wal", "select (pg_current_wal_lsn() - '0/0')::int8")
    }

    /// Waits until the log stands still, as it does when no process has anything left to write down.
    fileprivate func waitForQuiet() throws {
        var last = -1
        for _ in 0..<50 {
            let position = try walPosition()
            if position == last { return }
            last = position
            Pause.milliseconds(200)
        }
    }
}
