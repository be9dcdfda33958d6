public import CoreMetrics
import Synchronization

/// Counts for Prometheus: a `MetricsFactory` that renders the text exposition format, version 0.0.4.
///
/// Names lose what Prometheus does not allow (`hb.requests` becomes `hb_requests`) and get no suffix: a caller names
/// a counter `..._total` and a timer `..._seconds`. Timers are histograms in seconds, recorders histograms of plain
/// numbers, gauges and meters gauges. Two kinds under one name would be an invalid page: the later kind gets its
/// own name, such as `x_gauge`.
///
/// The page cannot grow without bound: each name has at most `seriesLimit` labelled series. Those that come later
/// share one, with the same label names and each value `other`. Label values are cut at 256 bytes.
///
/// Finding a series takes a lock; counting through it takes none.
public final class PrometheusRegistry: MetricsFactory, Sendable {
    /// The `Content-Type` of what ``render()`` returns.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// What an observed number is.
    public enum ObservedKind: Sendable, Hashable {
        /// It goes up and down.
        case gauge
        /// It only goes up.
        case counter
    }

    private struct FamilyKey: Hashable {
        let name: String
        let kind: MetricKind
    }

    private struct State {
        var families: [FamilyKey: MetricFamily] = [:]
        var sampleNames: Set<String> = []
    }

    private let help: [String: String]
    private let buckets: [String: HistogramBuckets]
    private let seriesLimit: Int
    private let state = Mutex(State())

    /// Makes an empty registry.
    ///
    /// - Parameters:
    ///   - help: the `# HELP` texts by metric name; a name without one has no such line.
    ///   - buckets: bounds by metric name, for timers in seconds; unless told, ``HistogramBuckets/seconds`` for
    ///     timers and ``HistogramBuckets/quantities`` for recorders.
    ///   - seriesLimit: the most labelled series of one name.
    public init(
        help: [String: String] = [:],
        buckets: [String: HistogramBuckets] = [:],
        seriesLimit: Int = 1000
    ) {
        self.help = Dictionary(help.map { (MetricName.metric($0.key), $0.value) }) { first, _ in first }
        self.buckets = Dictionary(buckets.map { (MetricName.metric($0.key), $0.value) }) { first, _ in first }
        self.seriesLimit = seriesLimit
    }

    /// Adds a number that is asked for whenever the page is rendered, in place of a series with the same labels.
    ///
    /// - Parameters:
    ///   - name: the metric's name.
    ///   - help: its `# HELP` text; the first one for a name holds.
    ///   - labels: fixed by the program, so they do not count for the limit.
    ///   - kind: a gauge unless told.
    ///   - read: called without a lock, from whichever thread renders; not a number where it is not known.
    public func observe(
        _ name: String,
        help: String,
        labels: [(String, String)] = [],
        kind: ObservedKind = .gauge,
        read: @escaping @Sendable () -> Double
    ) {
        let observed = ObservedSeries(read)
        withFamily(name, kind == .gauge ? .gauge : .counter, help: help) {
            $0.observe(MetricLabels(labels), observed)
        }
    }

    /// Writes the page: names and series in the order of their bytes.
    public func render() -> [UInt8] {
        let families = state.withLock { Array($0.families.values) }
        var text = PrometheusText()
        for family in families.sorted(by: { $0.name < $1.name }) { family.render(into: &text) }
        return text.bytes
    }

    // MARK: Series

    func counter(_ label: String, _ dimensions: [(String, String)]) -> CounterSeries {
        series(label, .counter, dimensions) { CounterSeries() }
    }

    func gauge(_ label: String, _ dimensions: [(String, String)]) -> GaugeSeries {
        series(label, .gauge, dimensions) { GaugeSeries() }
    }

    func histogram(
        _ label: String,
        _ dimensions: [(String, String)],
        unlessTold standard: HistogramBuckets
    ) -> HistogramSeries {
        let buckets = buckets[MetricName.metric(label)] ?? standard
        return series(label, .histogram, dimensions) { HistogramSeries(buckets) }
    }

    func remove(_ handler: AnyObject, _ kind: MetricKind) {
        state.withLock { state in
            for key in state.families.keys where key.kind == kind { state.families[key]?.remove(handler) }
        }
    }

    private func series<S: MetricSeries>(
        _ label: String,
        _ kind: MetricKind,
        _ dimensions: [(String, String)],
        make: () -> S
    ) -> S {
        let labels = MetricLabels(dimensions)
        return withFamily(label, kind, help: nil) { $0.admit(labels, limit: seriesLimit, make: make) }
    }

    private func withFamily<R: Sendable>(
        _ label: String,
        _ kind: MetricKind,
        help: String?,
        _ body: (inout MetricFamily) -> R
    ) -> R {
        let key = FamilyKey(name: MetricName.metric(label), kind: kind)
        return state.withLock { state in
            var family =
                state.families[key]
                ?? MetricFamily(
                    name: Self.claim(key.name, kind, in: &state.sampleNames),
                    kind: kind,
                    help: self.help[key.name]
                )
            family.help = family.help ?? help
            state.families[key] = nil  // or the change below would copy all its series
            defer { state.families[key] = family }
            return body(&family)
        }
    }

    /// Takes a name none of whose samples is another metric's, with as many suffixes as that needs.
    private static func claim(_ name: String, _ kind: MetricKind, in taken: inout Set<String>) -> String {
        var name = name
        while kind.samples(of: name).contains(where: taken.contains) { name += "_" + kind.rawValue }
        taken.formUnion(kind.samples(of: name))
        return name
    }
}
