import Benchmarks
import Testing

@Suite("What is said of many numbers")
struct StatisticsTests {
    @Test(
        "A quantile lies between its neighbours by distance",
        arguments: [
            ([3.0, 1, 2], 0.5, 2.0), ([4, 1, 2, 3], 0.5, 2.5), ([5], 0.99, 5), ([1, 2, 3, 4, 5], 0.25, 2),
            ([1, 2, 3, 4, 5], 0.75, 4), ([0, 10], 0.99, 9.9), ([0, 10], 0, 0), ([0, 10], 1, 10),
            ([0, 10], 2, 10),
        ] as [([Double], Double, Double)]
    )
    func quantiles(values: [Double], share: Double, expected: Double) {
        #expect(abs(Statistics(values).quantile(share) - expected) < 1e-9)
    }

    @Test("Nothing has no median, and what is no number is left out")
    func nothing() {
        #expect(Statistics([]).median.isNaN)
        #expect(Statistics([]).maximum.isNaN)
        #expect(Statistics([.nan, 1]).median == 1)
    }

    @Test("The quartiles and the greatest")
    func quartiles() {
        let statistics = Statistics((1...9).map { Double($0) })
        #expect(statistics.lowerQuartile == 3)
        #expect(statistics.upperQuartile == 7)
        #expect(statistics.maximum == 9)
    }
}
