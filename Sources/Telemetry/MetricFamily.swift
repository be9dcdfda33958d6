/// All series of one name.
struct MetricFamily: Sendable {
    let name: String
    let kind: MetricKind
    /// The text of the `# HELP` line, if there is one.
    var help: String?

    private var series: [[UInt8]: any MetricSeries] = [:]
    /// Labelled series that callers made; the one without labels, observed ones and the fold are not counted.
    private var counted = 0
    /// The labels of the series that takes what is beyond the limit.
    private var fold: [UInt8]?

    init(name: String, kind: MetricKind, help: String?) {
        self.name = name
        self.kind = kind
        self.help = help
    }

    /// Finds or makes the series with these labels; beyond the limit, the one where each label is `other`.
    mutating func admit<S: MetricSeries>(
        _ labels: MetricLabels,
        limit: Int,
        make: () -> S
    ) -> S {
        if let known = series[labels.text] as? S { return known }
        if !labels.text.isEmpty {
            guard counted < limit else { return overflow(labels, make: make) }
            counted += 1
        }
        let made = make()
        series[labels.text] = made
        return made
    }

    /// Adds a series that the program itself registers, in place of one with the same labels.
    mutating func observe(_ labels: MetricLabels, _ observed: ObservedSeries) {
        uncount(labels.text)
        series[labels.text] = observed
    }

    /// Removes a series, unless it is the fold, which many share.
    mutating func remove(_ handler: AnyObject) {
        guard let labels = series.first(where: { $0.value === handler })?.key, labels != fold else { return }
        uncount(labels)
        series[labels] = nil
    }

    /// Appends the samples, sorted by the bytes of their labels.
    func render(into text: inout PrometheusText) {
        guard !series.isEmpty else { return }
        text.header(name: name, help: help, kind: kind)
        for (labels, series) in series.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            series.render(name: name, labels: labels, into: &text)
        }
    }

    /// The first labels beyond the limit name the fold's: whatever comes later, it is one series.
    private mutating func overflow<S: MetricSeries>(_ labels: MetricLabels, make: () -> S) -> S {
        let text = fold ?? labels.folded.text
        fold = text
        if let known = series[text] as? S { return known }
        let made = make()
        series[text] = made
        return made
    }

    private mutating func uncount(_ labels: [UInt8]) {
        guard let known = series[labels], !(known is ObservedSeries) else { return }
        if !labels.isEmpty, labels != fold { counted -= 1 }
    }
}
