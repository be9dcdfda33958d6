/// Whether a logout of very many leaves room for those of single users.
struct BulkScenario: Scenario {
    let name = "bulk"
    let sentence = "Single logouts' time from 202 to POST beside one logout of very many participations"

    private static let rate = 100.0

    func run(on stage: Stage, into report: inout ScenarioReport) throws {
        let (participations, seconds, patience): (Int, Double, Double) =
            switch stage.scale {
            case .correctness: (2_000, 1, 60)
            case .standard: (50_000, 10, 120)
            case .full: (1_000_000, 60, 3_600)
            }
        let scene = try Scene(on: stage)
        let delivered = try scene.deliveredCount()
        try scene.importParticipations(participations) { (user: "everyone", sid: "bulk-\($0)") }
        let baseline = try scene.steady("b0-", rate: Self.rate, seconds: seconds)
        let traffic = try scene.startSteady("b1-", rate: Self.rate)
        let start = Moment.now
        let bulk = Result {
            try scene.api.call("POST", scene.path("/logout-events"), #"{"sub": "everyone"}"#)
            try scene.waitForBulk(participations + baseline.count, seconds: patience)
        }
        let took = Double(Moment.now - start) / 1e9
        let beside = try traffic.end {
            try bulk.get()
            try scene.waitUntilDelivered()
        }
        report.add(Figure("participations", Double(participations), ""))
        report.add(Figure("all delivered after", took, "s"))
        report.add(Figure("single logouts meanwhile", Double(beside.count), ""))
        report.add(Figure("p50, alone", baseline.toPost.p50, "ms"))
        report.add(Figure("p99, alone", baseline.toPost.p99, "ms"))
        report.add(Figure("p50, beside it", beside.toPost.p50, "ms"))
        report.add(Figure("p99, beside it", beside.toPost.p99, "ms"))
        report.add(Figure("p99 of the answer, beside it", beside.toAnswer.p99, "ms"))
        report.add(
            .ratio(
                "p99 beside it / alone",
                beside.toPost.p99 / baseline.toPost.p99,
                better: .lower,
                tolerance: 0.5,
                aim: .atMost(2)
            )
        )
        let count = participations + baseline.count + beside.count
        let found = try scene.deliveredCount() - delivered
        try scene.checkDeliveries(count, delivered: (found, count), into: &report)
    }
}

extension Scene {
    /// Waits until the bulk deliveries are all at the sink and written down.
    fileprivate func waitForBulk(_ count: Int, seconds: Double) throws {
        let end = Moment.now + UInt64(seconds * 1e9)
        while try sink.posts() < count || isBulkOpen() {
            try Interrupt.check()
            guard Moment.now < end else {
                throw BenchmarkError("the bulk is not delivered after \(seconds) s")
            }
            Pause.milliseconds(100)
        }
    }

    private func isBulkOpen() throws -> Bool {
        try number(
            "bench_bulk_open",
            "select count(*) from lastcall.logout_events where priority = 'bulk' and status = 'in_progress'"
        ) > 0
    }
}
