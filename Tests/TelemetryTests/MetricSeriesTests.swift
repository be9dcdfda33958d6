import CoreMetrics
import Telemetry
import Testing

@Suite("Metric series")
struct MetricSeriesTests {
    private let registry = PrometheusRegistry()

    @Test("concurrent counts add up, whole and in fractions, through one handler and through many")
    func concurrent() async throws {
        let shared = Counter(label: "shared", dimensions: [], factory: registry)
        await withTaskGroup { [registry] group in
            for _ in 0..<8 {
                group.addTask {
                    let meter = Meter(label: "meter", dimensions: [], factory: registry)
                    let parts = FloatingPointCounter(label: "parts", dimensions: [], factory: registry)
                    let timer = Timer(label: "timer", dimensions: [], factory: registry)
                    for _ in 0..<5000 {
                        shared.increment()
                        parts.increment(by: 0.25)
                        meter.increment(by: 2.0)
                        meter.decrement(by: 1.0)
                        timer.recordNanoseconds(500_000_000)
                    }
                }
            }
        }
        let all = samples(registry)
        #expect(all.contains("shared 40000"))
        #expect(all.contains("parts 10000"))
        #expect(all.contains("meter 40000"))
        #expect(all.contains("timer_bucket{le=\"0.25\"} 0"))
        #expect(all.contains("timer_bucket{le=\"0.5\"} 40000"))
        #expect(all.contains("timer_sum 20000"))
        #expect(all.contains("timer_count 40000"))
    }

    @Test(
        "a counter never goes down, nor past its end",
        arguments: [(Int64(-1), "5"), (0, "5"), (.max, "9223372036854775807")]
    )
    func counterOnlyRises(amount: Int64, expected: String) throws {
        let counter = registry.makeCounter(label: "x", dimensions: [])
        counter.increment(by: 5)
        counter.increment(by: amount)
        let value = try #require(samples(registry).first?.split(separator: " ").last.flatMap { Double($0) })
        #expect(value == Double(expected))
    }

    @Test(
        "a fraction that is negative or no number is ignored",
        arguments: [-0.5, .nan, .infinity, -.infinity]
    )
    func fractionOnlyRises(amount: Double) {
        let counter = registry.makeFloatingPointCounter(label: "x", dimensions: [])
        counter.increment(by: 0.5)
        counter.increment(by: amount)
        #expect(samples(registry) == ["x 0.5"])
    }

    @Test("a counter of whole amounts and one of fractions with the same labels are one")
    func oneCounter() {
        registry.makeCounter(label: "x", dimensions: []).increment(by: 2)
        registry.makeFloatingPointCounter(label: "x", dimensions: []).increment(by: 0.5)
        #expect(samples(registry) == ["x 2.5"])
        registry.makeCounter(label: "x", dimensions: []).reset()
        #expect(samples(registry) == ["x 0"])
    }

    @Test("a gauge keeps the last value, whichever way it is set")
    func gauge() {
        let meter = Meter(label: "x", dimensions: [], factory: registry)
        meter.set(3)
        meter.set(2.5)
        #expect(samples(registry) == ["x 2.5"])
        Gauge(label: "x", dimensions: [], factory: registry).record(-7)
        #expect(samples(registry) == ["x -7"])
    }

    @Test(
        "a histogram ignores what is no number, or its sum would be lost",
        arguments: [Double.nan, .infinity, -.infinity]
    )
    func histogram(value: Double) {
        let recorder = Recorder(label: "x", dimensions: [], factory: registry)
        recorder.record(2)
        recorder.record(value)
        #expect(samples(registry).suffix(2) == ["x_sum 2", "x_count 1"])
    }
}
