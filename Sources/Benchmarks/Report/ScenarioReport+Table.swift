internal import FoundationEssentials

extension ScenarioReport {
    /// The report for people, some lines.
    public var table: String {
        let rows = figures.map { figure in
            [figure.name, Self.number(figure.value), figure.unit, figure.aimText]
        }
        let widths = (0..<3).map { column in rows.map { $0[column].count }.max() ?? 0 }
        var lines = ["", "\(name): \(sentence)"]
        for row in rows {
            let line =
                "  " + Self.padded(row[0], widths[0]) + "  " + Self.padded(row[1], widths[1], right: true)
                + " "
                + Self.padded(row[2], widths[2]) + "  " + row[3]
            lines.append(String(line.reversed().drop { $0 == " " }.reversed()))
        }
        if withheld > 0 { lines.append("  \(withheld) ratios are withheld: a check fails") }
        for check in checks {
            let detail = check.detail.isEmpty ? "" : " (\(check.detail))"
            lines.append("  \(check.holds ? "ok      " : "FAILED  ")\(check.sentence)\(detail)")
        }
        if let failure { lines.append("  FAILED  \(failure)") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A number with as many digits as mean something.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "-" }
        let digits = value.magnitude >= 1_000 || value == value.rounded() ? 0 : value.magnitude >= 10 ? 1 : 3
        let scale = [1.0, 10, 100, 1_000][digits]
        let scaled = (value.magnitude * scale).rounded()
        guard scaled < 9e15 else { return "\(value)" }
        let whole = Int(scaled)
        let sign = value < 0 && whole != 0 ? "-" : ""
        guard digits > 0 else { return sign + grouped(whole) }
        let fraction = String(whole % Int(scale))
        let zeros = String(repeating: "0", count: digits - fraction.count)
        return "\(sign)\(whole / Int(scale)).\(zeros)\(fraction)"
    }

    private static func grouped(_ whole: Int) -> String {
        var text = ""
        for (index, digit) in String(whole).reversed().enumerated() {
            if index > 0, index % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return String(text.reversed())
    }

    private static func padded(_ text: String, _ width: Int, right: Bool = false) -> String {
        let spaces = String(repeating: " ", count: max(0, width - text.count))
        return right ? spaces + text : text + spaces
    }
}

extension Figure {
    fileprivate var aimText: String {
        guard let aim, let isMet else { return "" }
        let bound = ScenarioReport.number(aim.bound)
        return
            "aim: \(aim.direction == .higher ? "at least" : "at most") \(bound), \(isMet ? "met" : "MISSED")"
    }
}
