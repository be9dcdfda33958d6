import CoreMetrics
import Synchronization

/// What the `# TYPE` line says.
enum MetricKind: String, Sendable {
    case counter, gauge, histogram

    /// The names of the samples of a metric.
    func samples(of name: String) -> [String] {
        switch self {
        case .counter, .gauge: [name]
        case .histogram: [name, name + "_bucket", name + "_sum", name + "_count"]
        }
    }
}

/// One line of a metric, or the lines of one histogram.
protocol MetricSeries: AnyObject, Sendable {
    /// Appends the samples as they are now.
    func render(name: String, labels: [UInt8], into text: inout PrometheusText)
}

/// A number that only goes up: whole amounts are kept exactly, fractions beside them.
final class CounterSeries: MetricSeries, CounterHandler, FloatingPointCounterHandler {
    private let whole = Atomic<Int64>(0)
    private let fraction = AtomicDouble()

    /// Adds a positive amount; another is ignored.
    func increment(by amount: Int64) {
        guard amount > 0 else { return }
        let (old, new) = whole.wrappingAdd(amount, ordering: .relaxed)
        // A counter at its end stays there rather than to fall below zero.
        if new < old { whole.store(.max, ordering: .relaxed) }
    }

    /// Adds a positive, finite amount; another is ignored.
    func increment(by amount: Double) {
        guard amount > 0, amount.isFinite else { return }
        fraction.add(amount)
    }

    func reset() {
        whole.store(0, ordering: .relaxed)
        fraction.set(0)
    }

    func render(name: String, labels: [UInt8], into text: inout PrometheusText) {
        let value = Double(whole.load(ordering: .relaxed)) + fraction.value
        text.sample(name, labels: labels, value: value)
    }
}

/// A number that goes up and down.
final class GaugeSeries: MetricSeries, MeterHandler, RecorderHandler {
    private let number = AtomicDouble()

    func set(_ value: Int64) { number.set(Double(value)) }
    func set(_ value: Double) { number.set(value) }
    func record(_ value: Int64) { number.set(Double(value)) }
    func record(_ value: Double) { number.set(value) }
    func increment(by amount: Double) { number.add(amount) }
    func decrement(by amount: Double) { number.add(-amount) }

    func render(name: String, labels: [UInt8], into text: inout PrometheusText) {
        text.sample(name, labels: labels, value: number.value)
    }
}

/// A number that is asked for when it is rendered.
final class ObservedSeries: MetricSeries {
    private let read: @Sendable () -> Double

    init(_ read: @escaping @Sendable () -> Double) {
        self.read = read
    }

    func render(name: String, labels: [UInt8], into text: inout PrometheusText) {
        text.sample(name, labels: labels, value: read())
    }
}
