import CoreMetrics
import Telemetry
import Testing

@Suite("Prometheus registry")
struct PrometheusRegistryTests {
    @Test("renders a page in a stable order, letter by letter")
    func page() throws {
        let registry = PrometheusRegistry(
            help: [
                "requests.total": "Calls of the API.\nBy \"status\" and \\.", "unused": "Not on the page.",
            ],
            buckets: ["duration.seconds": try HistogramBuckets([0.01, 0.5, 1])]
        )
        registry.observe("pool_busy", help: "Connections in use.", labels: [("role", "api")]) { 3 }
        registry.observe("pool_busy", help: "Not the first text.", labels: [("role", "\"")]) { .nan }
        for status in ["500", "200", "200"] {
            Counter(label: "requests.total", dimensions: [("status", status)], factory: registry).increment()
        }
        let timer = Timer(label: "duration.seconds", dimensions: [("route", "/")], factory: registry)
        timer.recordMilliseconds(10)
        timer.recordMilliseconds(250)
        timer.recordSeconds(2)
        Meter(label: "load", dimensions: [], factory: registry).set(0.1)
        #expect(
            text(registry) == #"""
                # TYPE duration_seconds histogram
                duration_seconds_bucket{route="/",le="0.01"} 1
                duration_seconds_bucket{route="/",le="0.5"} 2
                duration_seconds_bucket{route="/",le="1"} 2
                duration_seconds_bucket{route="/",le="+Inf"} 3
                duration_seconds_sum{route="/"} 2.26
                duration_seconds_count{route="/"} 3
                # TYPE load gauge
                load 0.1
                # HELP pool_busy Connections in use.
                # TYPE pool_busy gauge
                pool_busy{role="\""} NaN
                pool_busy{role="api"} 3
                # HELP requests_total Calls of the API.\nBy "status" and \\.
                # TYPE requests_total counter
                requests_total{status="200"} 2
                requests_total{status="500"} 1

                """#
        )
    }

    @Test(
        "writes numbers as short as they read back exactly",
        arguments: [
            (0.0, "0"), (-0.0, "0"), (1, "1"), (-2.5, "-2.5"), (9_007_199_254_740_991, "9007199254740991"),
            (9_007_199_254_740_992, "9007199254740992.0"), (1e300, "1e+300"), (0.000_01, "1e-05"),
            (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
        ]
    )
    func numbers(value: Double, expected: String) {
        let registry = PrometheusRegistry()
        registry.observe("x", help: "") { value }
        #expect(samples(registry) == ["x \(expected)"])
    }

    @Test("gives a later kind under a taken name a name of its own, so that the page stays valid")
    func conflicts() {
        let registry = PrometheusRegistry(buckets: [:])
        registry.makeCounter(label: "x", dimensions: []).increment(by: 1)
        registry.makeMeter(label: "x", dimensions: []).set(Int64(2))
        registry.makeMeter(label: "y_count", dimensions: []).set(Int64(3))
        registry.makeRecorder(label: "y", dimensions: [], aggregate: true).record(Int64(4))
        registry.makeMeter(label: "x", dimensions: [("again", "1")]).set(Int64(5))
        let all = samples(registry)
        #expect(all.prefix(3) == ["x 1", "x_gauge 2", "x_gauge{again=\"1\"} 5"])
        #expect(all.suffix(2) == ["y_histogram_sum 4", "y_histogram_count 1"])
        #expect(all.contains("y_count 3"))
    }

    @Test("asks observed numbers whenever it renders, and the last registration holds")
    func observed() {
        let registry = PrometheusRegistry(help: ["x_total": "From the dictionary."])
        let asked = registry.makeCounter(label: "asked", dimensions: [])
        registry.observe("x_total", help: "First.", kind: .counter) { 1 }
        registry.observe("x_total", help: "Second.", kind: .counter) {
            asked.increment(by: 1)  // no lock is held while a number is read
            return 2
        }
        _ = registry.render()
        #expect(
            text(registry) == """
                # TYPE asked counter
                asked 1
                # HELP x_total From the dictionary.
                # TYPE x_total counter
                x_total 2

                """
        )
        registry.makeCounter(label: "x_total", dimensions: []).increment(by: 7)
        #expect(samples(registry) == ["asked 2", "x_total 7"])
    }

    @Test("does not count observed series for the limit")
    func observedLimit() {
        let registry = PrometheusRegistry(seriesLimit: 1)
        for role in ["a", "b"] { registry.observe("x", help: "", labels: [("role", role)]) { 1 } }
        registry.makeMeter(label: "x", dimensions: [("role", "c")]).set(Int64(1))
        registry.makeMeter(label: "x", dimensions: [("role", "d")]).set(Int64(1))
        #expect(
            samples(registry)
                == ["x{role=\"a\"} 1", "x{role=\"b\"} 1", "x{role=\"c\"} 1", "x{role=\"other\"} 1"]
        )
    }
}
