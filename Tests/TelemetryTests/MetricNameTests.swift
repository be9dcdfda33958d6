import CoreMetrics
import Telemetry
import Testing

@Suite("Metric and label names")
struct MetricNameTests {
    private let registry = PrometheusRegistry()

    @Test(
        "keep what Prometheus allows",
        arguments: [
            ("aZ_09:x", "aZ_09:x", "aZ_09_x"), ("hb.requests", "hb_requests", "hb_requests"),
            ("9a", "_9a", "_9a"),
            ("", "_", "_"), ("é \n", "___", "___"), ("le", "le", "le_"),
        ]
    )
    func cleaned(name: String, metric: String, label: String) {
        registry.makeCounter(label: name, dimensions: [(name, "v")]).increment(by: 1)
        #expect(samples(registry) == ["\(metric){\(label)=\"v\"} 1"])
    }

    @Test("of labels are sorted, and the first of two alike counts")
    func labels() {
        registry.makeCounter(label: "x", dimensions: [("b", "1"), ("a", "2")]).increment(by: 1)
        registry.makeCounter(label: "x", dimensions: [("a", "2"), ("b", "1"), ("a", "3")]).increment(by: 1)
        #expect(samples(registry) == ["x{a=\"2\",b=\"1\"} 2"])
    }

    @Test(
        "have values that are escaped and at most 256 bytes",
        arguments: [
            ("a\\b\"c\nd", #"a\\b\"c\nd"#),
            (String(repeating: "v", count: 256), String(repeating: "v", count: 256)),
            (String(repeating: "v", count: 257), String(repeating: "v", count: 256)),
            ("v" + String(repeating: "é", count: 128), "v" + String(repeating: "é", count: 127)),
        ]
    )
    func values(value: String, expected: String) {
        registry.makeCounter(label: "x", dimensions: [("a", value)]).increment(by: 1)
        #expect(samples(registry) == ["x{a=\"\(expected)\"} 1"])
    }
}
