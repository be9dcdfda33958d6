internal import PostgresClient

extension Scene {
    /// That what was accepted has come, once each, and is written down as delivered.
    ///
    /// - Parameters:
    ///   - deliveries: how many came to the sink since it was last told to forget.
    ///   - delivered: how many the database has gained, and how many it must have.
    ///   - report: takes the checks.
    /// - Throws: ``WireError`` where the sink is gone.
    func checkDeliveries(
        _ deliveries: Int,
        delivered: (found: Int, expected: Int),
        into report: inout ScenarioReport
    )
        throws
    {
        let received = try sink.report()
        report.add(.equal("each delivery has come", received.distinctDeliveries, deliveries))
        report.add(.equal("no two tokens share a jti", received.distinctJTI, received.posts))
        // An answer that came too late, on a machine with more work than time, is a reason to send again; nothing else is.
        let (again, failed) = (received.posts - received.distinctDeliveries, try failedAttempts())
        let detail =
            "\(again) again; failed: \(failed.map { "\($0.outcome) \($0.count)" }.joined(separator: ", "))"
        report.add(
            Check(
                "what came again had failed before",
                again <= failed.reduce(0) { $0 + $1.count },
                detail: detail
            )
        )
        report.add(.equal("all are written down as delivered", delivered.found, delivered.expected))
    }

    /// What attempts have failed for since the scene began, and how many.
    private func failedAttempts() throws -> [(outcome: String, count: Int)] {
        try database.query(ProductTables.failedAttempts).map { row in
            (try row.text(0), Int(try row.int8(1)))
        }
    }

    /// Delivers a number of logouts as fast as it goes, and says what each cost.
    ///
    /// - Parameters:
    ///   - count: how many deliveries, in events of 200.
    ///   - prefix: of their `sid`, unique in the scene.
    ///   - spared: clients whose deliveries stay queued.
    /// - Returns: CPU microseconds of product, Postgres and sink for each, and how many were delivered a second.
    /// - Throws: ``BenchmarkError``.
    func cost(of count: Int, _ prefix: String, sparing spared: [Int] = []) throws -> (
        cpu: CPUReading, rate: Double
    ) {
        let fan = 200
        let events = max(1, count / fan)
        // Made before they are timed, and as evenly for each client as the fan allows.
        let requests = (0..<events).map(fans(prefix, of: fan))
        let told = (0..<events * fan).count { !spared.contains($0 % clients) }
        let posts = try sink.posts()
        let (before, start) = (readCPU(), Moment.now)
        _ = try load(plan(connections: 8, requests: events) { requests[$0] })
        try waitForPosts(posts + told)
        try waitUntilDelivered(sparing: spared)
        let seconds = Double(Moment.now - start) / 1e9
        return (readCPU().since(before).each(of: events * fan), Double(events * fan) / seconds)
    }
}

extension CPUReading {
    /// The share of one among so many.
    func each(of count: Int) -> CPUReading {
        let share = 1 / Double(max(1, count))
        return CPUReading(
            product: product * share,
            postgres: postgres * share,
            sink: sink * share,
            benchmark: benchmark * share,
            machine: machine * share
        )
    }
}
