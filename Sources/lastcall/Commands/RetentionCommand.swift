import ArgumentParser
import Outbox
import Settings
import StrictJSON

/// `lastcall retention`: drops the history that is past, now.
struct RetentionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retention",
        abstract:
            "Drop the history that is older than its issuer's retention_days, as workers do from time to time.",
        discussion: """
            Safe beside everything that runs, and at any time: one process does it, in short steps; cut off, it goes \
            on where it is run again. What belongs to a delivery that has not ended stays.
            """
    )
    @OptionGroup var options: OperatorOptions
    @Flag(help: "Only say what would be done.") var dryRun = false

    func run() async throws {
        try await options.withRuntime { runtime in
            let retention = Retention(
                store: runtime.store,
                installationDays: runtime.settings.installationRetentionDays
            )
            if dryRun { return show(try await retention.plan()) }
            let report = try await retention.run()
            if report.isElsewhere {
                throw Failure("another process is at it already", code: Failure.unavailable)
            }
            show(report)
        }
    }

    private func show(_ steps: [Retention.Step]) {
        if options.json {
            for step in steps {
                let object = JSON.object(of: [
                    ("table", .string(step.table)), ("day", step.day.map(JSON.string) ?? .null),
                    ("whole", .bool(step.isWhole)),
                ])
                print(String(decoding: object.serialized(), as: UTF8.self))
            }
            return
        }
        let rows = steps.map {
            [$0.table, $0.day ?? "default", $0.isWhole ? "drop the table" : "delete rows"]
        }
        print(Table(columns: ["table", "day", "step"], rows: rows).text, terminator: "")
    }

    private func show(_ report: Retention.Report) {
        guard options.json else {
            print(
                "dropped \(report.tablesDropped) tables, \(report.rowsDeleted) rows, \(report.sealsDropped) seals, "
                    + "\(report.operationsDeleted) operations"
            )
            if report.wasBusy { print("something was locked and was passed over: run it again") }
            return
        }
        let object = JSON.object(of: [
            ("tables_dropped", .int(report.tablesDropped)),
            ("rows_deleted", .int(report.rowsDeleted)),
            ("seals_dropped", .int(report.sealsDropped)),
            ("operations_deleted", .int(report.operationsDeleted)),
            ("passed_over", .bool(report.wasBusy)),
        ])
        print(String(decoding: object.serialized(), as: UTF8.self))
    }
}
