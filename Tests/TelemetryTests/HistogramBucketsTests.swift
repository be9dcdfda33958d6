import CoreMetrics
import Telemetry
import Testing

@Suite("Histogram buckets")
struct HistogramBucketsTests {
    @Test(
        "name the first bound that breaks a rule",
        arguments: [
            ([], TelemetryError.bucketCount(0)),
            ((0..<65).map(Double.init), .bucketCount(65)),
            ([1, .infinity], .bucketNotFinite(index: 1)),
            ([.nan], .bucketNotFinite(index: 0)),
            ([1, 2, 2], .bucketsNotAscending(index: 2)),
            ([1, 0.5], .bucketsNotAscending(index: 1)),
        ]
    )
    func rejects(bounds: [Double], expected: TelemetryError) {
        #expect(throws: expected) { try HistogramBuckets(bounds) }
    }

    @Test("may be 1 to 64, negative too", arguments: [1, 64])
    func accepts(count: Int) throws {
        let bounds = (0..<count).map { Double($0) - 3 }
        #expect(try HistogramBuckets(bounds).bounds == bounds)
    }

    @Test("that come with the type keep the rules", arguments: [HistogramBuckets.seconds, .quantities])
    func standard(buckets: HistogramBuckets) throws {
        #expect(try HistogramBuckets(buckets.bounds) == buckets)
    }

    @Test(
        "hold their upper bound and nothing above it",
        arguments: [
            (0, [1, 1, 1]), (999_999, [1, 1, 1]), (1_000_000, [1, 1, 1]), (1_000_001, [0, 1, 1]),
            (60_000_000_000, [0, 1, 1]), (60_000_000_001, [0, 0, 1]), (.max, [0, 0, 1]),
            (-1, [1, 1, 1]),
        ] as [(Int64, [Int])]
    )
    func edges(nanoseconds: Int64, expected: [Int]) throws {
        let registry = PrometheusRegistry(buckets: ["t": try HistogramBuckets([0.001, 60])])
        Timer(label: "t", dimensions: [], factory: registry).recordNanoseconds(nanoseconds)
        let bounds = ["0.001", "60", "+Inf"]
        #expect(
            samples(registry).prefix(3)
                == zip(bounds, expected).map { "t_bucket{le=\"\($0)\"} \($1)" }[...]
        )
        #expect(samples(registry).last == "t_count 1")
    }

    @Test("of a timer are 1 ms to 60 s unless told, all of them exact in nanoseconds")
    func seconds() {
        let registry = PrometheusRegistry()
        let timer = Timer(label: "t", dimensions: [], factory: registry)
        for bound in HistogramBuckets.seconds.bounds {
            timer.recordNanoseconds(Int64((bound * 1_000_000_000).rounded()))
        }
        let counts = samples(registry).filter { $0.hasPrefix("t_bucket") }.map {
            $0.split(separator: " ").last
        }
        #expect(counts == (1...15).map { "\($0)" } + ["15"])
    }
}
