import CoreMetrics
import Logging
import Outbox

/// Lets go of the history that is past, keeps the planner's statistics, and measures how the partitions stand.
///
/// Apart from the ``Housekeeper``, whose rounds must be short. Any number of these run against one database: each
/// chore is taken by one process every so often.
struct HistoryKeeper {
    /// How soon retention is run again where something was locked.
    private static let soon = Duration.seconds(60)
    private static let secondsPerDay = 86_400
    /// The longest pause between two looks at what is due.
    private static let longestPause = Duration.seconds(30)

    let store: OutboxStore
    let settings: WorkerSettings
    let logger: Logger
    private let rowsDeleted = Counter(label: "lastcall_retention_rows_deleted_total")
    private let tablesDropped = Counter(label: "lastcall_retention_tables_dropped_total")
    private let horizon = Gauge(label: "lastcall_partition_horizon_seconds")
    private let defaultRows = Gauge(label: "lastcall_default_partition_rows")

    init(worker: DeliveryWorker) {
        store = worker.store
        settings = worker.settings
        logger = worker.logger
    }

    func run() async {
        let pause = min(settings.retentionInterval, settings.analyzeInterval, Self.longestPause)
        while !Task.isCancelled {
            // First a pause: the partitions of a new database are being made.
            try? await Task.sleep(for: pause * Double.random(in: 0.8...1.2))
            await measure()
            await retain()
            await analyze()
        }
    }

    private func measure() async {
        do {
            let states = try await store.partitions()
            horizon.record((states.map(\.daysAhead).min() ?? -1) * Self.secondsPerDay)
            defaultRows.record(states.map(\.defaultRows).reduce(0, +))
        } catch {
            logger.debug("partitions cannot be looked at", metadata: ["error": "\(error)"])
        }
    }

    private func retain() async {
        do {
            guard try await store.take(.retention, every: settings.retentionInterval) else { return }
            let retention = Retention(store: store, installationDays: settings.installationRetentionDays)
            let report = try await retention.run()
            rowsDeleted.increment(by: report.rowsDeleted)
            tablesDropped.increment(by: report.tablesDropped)
            if report.tablesDropped + report.rowsDeleted > 0 || report.wasBusy {
                logger.info(
                    "history that is past was dropped",
                    metadata: [
                        "tables": "\(report.tablesDropped)", "rows": "\(report.rowsDeleted)",
                        "seals": "\(report.sealsDropped)", "passed_over": "\(report.wasBusy)",
                    ]
                )
            }
            guard !Task.isCancelled, !report.isElsewhere else { return }
            try await store.finish(.retention, again: report.wasBusy ? Self.soon : nil)
        } catch {
            logger.warning("history that is past cannot be dropped", metadata: ["error": "\(error)"])
        }
    }

    private func analyze() async {
        do {
            guard try await store.take(.analyze, every: settings.analyzeInterval) else { return }
            try await store.analyze()
            guard !Task.isCancelled else { return }
            try await store.finish(.analyze)
        } catch {
            logger.warning("statistics cannot be kept", metadata: ["error": "\(error)"])
        }
    }
}
