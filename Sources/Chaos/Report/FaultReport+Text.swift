internal import Benchmarks
internal import StrictJSON

extension FaultReport {
    /// The columns of ``row``.
    package static let columns = [
        "fault", "seed", "accepted", "targets", "lost", "duplicates", "takeover p50/p99 s", "first s",
        "recovery s",
        "p99 before ms", "",
    ]

    /// One line of the table.
    package var row: [String] {
        guard let accounts else {
            return [name, "\(seed)"] + Array(repeating: "-", count: 8) + ["NOT PLAYED"]
        }
        let more = accounts.duplicatesUnexplained
        return [
            name, "\(seed)", "\(accounts.accepted)", "\(accounts.owed)", "\(accounts.lost)",
            "\(accounts.duplicatesExplained)\(more > 0 ? " + \(more)" : "")",
            accounts.takeover.sorted.isEmpty
                ? "-"
                : "\(Figures.short(accounts.takeover.median)) / \(Figures.short(accounts.takeover.quantile(0.99)))",
            Figures.short(accounts.firstDelivery), Figures.short(accounts.recovery),
            Figures.short(accounts.baseline),
            isBalanced ? "ok" : "DIFFERENCE",
        ]
    }

    /// All of it for people, some lines.
    package var text: String {
        var lines = ["", "\(name) (seed \(seed), \(Int(seconds)) s): \(sentence)"]
        for note in notes { lines.append("  note    \(note)") }
        for check in allChecks {
            let detail = check.detail.isEmpty ? "" : " (\(check.detail))"
            lines.append("  \(check.holds ? "ok      " : "FAILED  ")\(check.sentence)\(detail)")
        }
        if let failure { lines.append("  FAILED  \(failure)") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// All of it for programs.
    package var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("fault", name)
            writer.member("sentence", sentence)
            writer.member("seed", seed)
            writer.member("seconds", seconds)
            writer.member("balanced", isBalanced)
            writer.member("failure", failure)
            if let accounts {
                writer.member("accepted", accounts.accepted)
                writer.member("refused", accounts.refused)
                writer.member("targets", accounts.owed)
                writer.member("lost", accounts.lost)
                writer.member("duplicates_explained", accounts.duplicatesExplained)
                writer.member("duplicates_unexplained", accounts.duplicatesUnexplained)
                writer.member("takeovers", accounts.takeover.sorted.count)
                writer.member("takeover_p50_seconds", accounts.takeover.median)
                writer.member("takeover_p99_seconds", accounts.takeover.quantile(0.99))
                writer.member("first_delivery_seconds", accounts.firstDelivery)
                writer.member("recovery_seconds", accounts.recovery)
                writer.member("p99_before_milliseconds", accounts.baseline)
            }
            writer.member("notes", notes)
            writer.arrayMember("checks") { writer in
                for check in allChecks {
                    writer.object { writer in
                        writer.member("sentence", check.sentence)
                        writer.member("holds", check.holds)
                        writer.member("detail", check.detail)
                    }
                }
            }
        }
        return writer.bytes
    }
}

/// A table for people, in Markdown, so that it can stand in a document as it is.
package enum ReportTable {
    /// Draws the table.
    ///
    /// - Parameter reports: a line each.
    /// - Returns: the lines.
    package static func text(_ reports: [FaultReport]) -> String {
        let rows = [FaultReport.columns] + reports.map(\.row)
        let widths = FaultReport.columns.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        var lines = rows.map { row in
            "| "
                + zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
                .joined(separator: " | ") + " |"
        }
        lines.insert(
            "|" + widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: "|") + "|",
            at: 1
        )
        return lines.joined(separator: "\n") + "\n"
    }
}
