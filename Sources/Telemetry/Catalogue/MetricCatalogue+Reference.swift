extension MetricCatalogue {
    /// The lists of `docs/metrics.md`.
    public static var reference: String {
        groups.map { title, remark, metrics in
            let rows = metrics.map { metric in
                let labels = metric.labels.map { "`\($0)`" }.joined(separator: " ")
                return "| `\(metric.name)` | \(metric.kind.rawValue) | \(labels) | \(metric.help) |\n"
            }
            return "## \(title)\n\n" + (remark.isEmpty ? "" : remark + "\n\n")
                + "| metric | kind | labels | meaning |\n|---|---|---|---|\n" + rows.joined()
        }
        .joined(separator: "\n")
    }
}
