import CoreMetrics
import Telemetry
import Testing

@Suite("Metric family")
struct MetricFamilyTests {
    private func count(_ label: String, _ dimensions: [(String, String)], in registry: PrometheusRegistry) {
        Counter(label: label, dimensions: dimensions, factory: registry).increment()
    }

    @Test(
        "folds what comes beyond its limit into one series, whatever its labels",
        arguments: [3, 4, 5, 100]
    )
    func folds(clients: Int) {
        let registry = PrometheusRegistry(seriesLimit: 3)
        for client in 0..<clients { count("x", [("client", "\(client)"), ("a", "1")], in: registry) }
        count("x", [], in: registry)
        count("x", [("client", "0"), ("a", "1")], in: registry)
        count("y", [("client", "9")], in: registry)
        if clients > 3 { count("x", [("stranger", "s")], in: registry) }
        let fold = clients > 3 ? ["x{a=\"other\",client=\"other\"} \(clients - 3 + 1)"] : []
        #expect(
            samples(registry)
                == [
                    "x 1", "x{a=\"1\",client=\"0\"} 2", "x{a=\"1\",client=\"1\"} 1",
                    "x{a=\"1\",client=\"2\"} 1",
                ]
                + fold + ["y{client=\"9\"} 1"]
        )
    }

    @Test("has 1,000 labelled series unless told", arguments: [(1000, 1000), (1001, 1001), (1500, 1001)])
    func standardLimit(clients: Int, series: Int) {
        let registry = PrometheusRegistry()
        for client in 0..<clients { count("x", [("client", "\(client)")], in: registry) }
        #expect(samples(registry).count == series)
        #expect(samples(registry).contains("x{client=\"other\"} \(clients - 1000)") == (clients > 1000))
    }

    @Test("bounds every kind", arguments: [1, 2])
    func everyKind(limit: Int) {
        let registry = PrometheusRegistry(seriesLimit: limit)
        for client in 0..<4 {
            let labels = [("client", "\(client)")]
            FloatingPointCounter(label: "a", dimensions: labels, factory: registry).increment(by: 1.0)
            Meter(label: "b", dimensions: labels, factory: registry).increment()
            Gauge(label: "c", dimensions: labels, factory: registry).record(1)
            Recorder(label: "d", dimensions: labels, factory: registry).record(1)
            Timer(label: "e", dimensions: labels, factory: registry).recordSeconds(1)
        }
        let all = samples(registry)
        #expect(all.contains("a{client=\"other\"} \(4 - limit)"))
        #expect(all.contains("b{client=\"other\"} \(4 - limit)"))
        #expect(all.contains("c{client=\"other\"} 1"))
        #expect(all.contains("d_count{client=\"other\"} \(4 - limit)"))
        #expect(all.contains("e_count{client=\"other\"} \(4 - limit)"))
        #expect(all.count == (limit + 1) * (3 + 16 + 18))
    }

    @Test("makes room when a series is destroyed, but keeps the fold, which many share")
    func destroy() {
        let registry = PrometheusRegistry(seriesLimit: 1)
        let first = Counter(label: "x", dimensions: [("client", "1")], factory: registry)
        first.increment()
        let second = Counter(label: "x", dimensions: [("client", "2")], factory: registry)
        second.increment()
        second.destroy()
        first.destroy()
        count("x", [("client", "3")], in: registry)
        count("x", [("client", "4")], in: registry)
        #expect(samples(registry) == ["x{client=\"3\"} 1", "x{client=\"other\"} 2"])
    }

    @Test("is not on the page without a series")
    func empty() {
        let registry = PrometheusRegistry()
        Timer(label: "t", dimensions: [], factory: registry).destroy()
        Meter(label: "m", dimensions: [], factory: registry).destroy()
        Gauge(label: "g", dimensions: [], factory: registry).destroy()
        Recorder(label: "r", dimensions: [], factory: registry).destroy()
        FloatingPointCounter(label: "f", dimensions: [], factory: registry).destroy()
        #expect(text(registry).isEmpty)
    }
}
