import CoreMetrics
import Synchronization

/// How often which sizes were met; timers are in seconds.
final class HistogramSeries: MetricSeries, RecorderHandler, TimerHandler {
    private final class Cell: Sendable {
        let count = Atomic<UInt64>(0)
    }

    private let buckets: HistogramBuckets
    private let cells: [Cell]
    private let sum = AtomicDouble()

    init(_ buckets: HistogramBuckets) {
        self.buckets = buckets
        cells = (0...buckets.bounds.count).map { _ in Cell() }
    }

    /// Counts a value; one that is infinite or not a number is ignored, since it would spoil the sum for good.
    func record(_ value: Double) {
        guard value.isFinite else { return }
        cells[buckets.index(of: value)].count.wrappingAdd(1, ordering: .relaxed)
        sum.add(value)
    }

    func record(_ value: Int64) {
        record(Double(value))
    }

    /// Counts a duration; a negative one, from a clock that was set back, counts as zero.
    func recordNanoseconds(_ duration: Int64) {
        // A division, not a multiplication by 1e-9: only so are 1,000,000 ns exactly the bound 0.001.
        record(Double(max(0, duration)) / 1_000_000_000)
    }

    /// `+Inf` and `_count` come from the same reading, so a scrape during a record still adds up.
    func render(name: String, labels: [UInt8], into text: inout PrometheusText) {
        var total: UInt64 = 0
        for (bound, cell) in zip(buckets.bounds + [.infinity], cells) {
            total += cell.count.load(ordering: .relaxed)
            text.sample(name + "_bucket", labels: labels, bound: bound, value: Double(total))
        }
        text.sample(name + "_sum", labels: labels, value: sum.value)
        text.sample(name + "_count", labels: labels, value: Double(total))
    }
}
