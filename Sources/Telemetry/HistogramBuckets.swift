/// The upper bounds of a histogram's buckets.
///
/// A value lies in the first bucket whose bound it does not exceed (`le`: less or equal). Above the last bound is
/// always one more bucket, `+Inf`.
public struct HistogramBuckets: Sendable, Hashable {
    /// The bounds, ascending: 1 to 64 finite numbers, in seconds for timers.
    public let bounds: [Double]

    /// Checks bounds.
    ///
    /// - Parameter bounds: ascending; see ``bounds``.
    /// - Throws: ``TelemetryError``, naming the first bound that breaks a rule.
    public init(_ bounds: [Double]) throws(TelemetryError) {
        guard (1...64).contains(bounds.count) else { throw .bucketCount(bounds.count) }
        for (index, bound) in bounds.enumerated() {
            guard bound.isFinite else { throw .bucketNotFinite(index: index) }
            guard index == 0 || bound > bounds[index - 1] else { throw .bucketsNotAscending(index: index) }
        }
        self.bounds = bounds
    }

    init(known bounds: [Double]) {
        self.bounds = bounds
    }

    /// 1 ms to 60 s in 15 steps: what a timer gets unless told.
    public static let seconds = HistogramBuckets(known: [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ])

    /// 1 to 10,000 in 13 steps: what a recorder of quantities gets unless told.
    public static let quantities = HistogramBuckets(known: [
        1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000,
    ])

    /// Where a value belongs: an index of ``bounds``, or their number for `+Inf`.
    func index(of value: Double) -> Int {
        bounds.firstIndex { value <= $0 } ?? bounds.count
    }
}
