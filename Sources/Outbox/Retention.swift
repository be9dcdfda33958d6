import PostgresClient

/// Lets go of the history that is past, in steps that nobody notices.
///
/// A day's table goes at once where nothing of it must stay; else its rows go, some blocks at a time. Each step is one
/// short transaction that waits for locks no longer than ``lockWait``, and holds those of one table. Any number of
/// processes may run this at once: one step at a time is done, and who finds the turn taken stops.
/// `docs/retention.md` says what goes when, and what stays.
public struct Retention: Sendable {
    /// What a run has done.
    public struct Report: Sendable, Hashable {
        /// Tables of days that went as a whole.
        public var tablesDropped = 0
        /// Rows that went one by one.
        public var rowsDeleted = 0
        /// Seals of the audit trail whose entries are all gone.
        public var sealsDropped = 0
        /// Operations that had ended long ago.
        public var operationsDeleted = 0
        /// Something was locked and was passed over; come again soon.
        public var wasBusy = false
        /// Another process has the turn, and goes on with it.
        public var isElsewhere = false
    }

    /// What is to be done with one table.
    public struct Step: Sendable, Hashable {
        /// The partitioned table.
        public let table: String
        /// The UTC day, `YYYY-MM-DD`; `nil`: the default partition.
        public let day: String?
        /// Whether the day's table can go as it is.
        public let isWhole: Bool
    }

    /// Blocks of one step: some thousand rows.
    private static let blocks = 64
    /// Seals, operations or issuers of one step.
    private static let limit = 500
    /// The longest that anybody waits behind a step that waits for a lock.
    public static let lockWait = Duration.milliseconds(200)
    /// The longest pause between two steps; else a step is followed by a pause as long as itself.
    private static let longestPause = Duration.seconds(1)

    private let store: OutboxStore
    private let installationDays: Int

    /// `installationDays`: for how long the installation's own trail is kept, and what no issuer says anything of.
    public init(store: OutboxStore, installationDays: Int) {
        self.store = store
        self.installationDays = installationDays
    }

    /// What is past now, oldest first.
    public func plan() async throws -> [Step] {
        let days = PostgresValue.int4(Int32(installationDays))
        return try await store.perform(within: .seconds(60)) { connection in
            try connection.query(.retentionPlan, days).map { row in
                Step(table: try row.text(0), day: try row.optionalText(1), isWhole: try row.bool(2))
            }
        }
    }

    /// Lets go of all that is past now.
    public func run() async throws -> Report {
        var report = Report()
        // Ended deliveries are the first of a day: where they stay, the rest of the day does.
        var kept: Set<String?> = []
        for step in try await plan() where !Task.isCancelled && !report.isElsewhere {
            guard !kept.contains(step.day) else { continue }
            if !step.isWhole {
                try await delete(step, &report)
            } else if try await !drop(step, &report) {
                kept.insert(step.day)
            }
        }
        guard !report.isElsewhere else { return report }
        try await dropSeals(&report)
        try await deleteOperations(&report)
        try await forgetIssuers()
        return report
    }

    /// Returns whether the table is gone.
    private func drop(_ step: Step, _ report: inout Report) async throws -> Bool {
        let days = PostgresValue.int4(Int32(installationDays))
        let outcome = try await paced {
            try await store.perform { connection in
                try connection.query(
                    .retentionDrop,
                    .text(step.table),
                    .optionalText(step.day),
                    days,
                    .int4(Self.lockWaitMilliseconds)
                ).first?.optionalText(0)
            }
        }
        switch outcome {
        case "dropped": report.tablesDropped += 1
        case "busy": report.wasBusy = true
        case nil: report.isElsewhere = true
        // Something has changed since the plan; the next run sees what.
        default: break
        }
        return outcome == "dropped" || outcome == "gone"
    }

    private func delete(_ step: Step, _ report: inout Report) async throws {
        var block = 0
        var hasMore = true
        while hasMore, !Task.isCancelled {
            let from = block
            let found = try await paced {
                try await store.perform { connection in
                    try connection.query(
                        .retentionDelete,
                        .text(step.table),
                        .optionalText(step.day),
                        .int8(Int64(from)),
                        .int4(Int32(Self.blocks)),
                        .int4(Int32(installationDays)),
                        .int4(Self.lockWaitMilliseconds)
                    ).first.map { (Int(try $0.int4(0)), try $0.bool(1), try $0.bool(2)) }
                }
            }
            guard let (deleted, isMoreBehind, wasBusy) = found else {
                report.isElsewhere = true
                return
            }
            report.rowsDeleted += deleted
            report.wasBusy = report.wasBusy || wasBusy
            hasMore = isMoreBehind
            block += Self.blocks
        }
    }

    private func dropSeals(_ report: inout Report) async throws {
        var issuer: Int32 = -1
        while !Task.isCancelled {
            let behind = issuer
            let found = try await paced {
                try await store.perform { connection in
                    try connection.query(.retentionSeals, .int4(behind), .int4(Int32(Self.limit))).first.map {
                        (try $0.int4(0), Int(try $0.int4(1)))
                    }
                }
            }
            guard let (next, dropped) = found else { return }
            report.sealsDropped += dropped
            // The same issuer may have more.
            issuer = dropped < Self.limit ? next : next - 1
        }
    }

    private func deleteOperations(_ report: inout Report) async throws {
        var deleted = Self.limit
        while deleted >= Self.limit, !Task.isCancelled {
            deleted = try await paced {
                try await store.perform { connection in
                    try connection.query(
                        .retentionOperations,
                        .int4(Int32(Self.limit)),
                        .int4(Int32(installationDays))
                    ).count
                }
            }
            report.operationsDeleted += deleted
        }
    }

    private func forgetIssuers() async throws {
        var gone = Int32(Self.limit)
        while gone >= Int32(Self.limit), !Task.isCancelled {
            gone = try await paced {
                try await store.perform { connection in
                    try connection.query(.retentionIssuers, .int4(Int32(Self.limit))).first?.int4(0) ?? 0
                }
            }
        }
    }

    private static var lockWaitMilliseconds: Int32 { Int32(lockWait.inSeconds * 1_000) }

    /// Runs a step and pauses for as long as it took: retention takes at most half of what one connection can do.
    private func paced<Result>(_ step: () async throws -> Result) async throws -> Result {
        let begin = ContinuousClock.now
        let result = try await step()
        try? await Task.sleep(for: min(ContinuousClock.now - begin, Self.longestPause))
        return result
    }
}
