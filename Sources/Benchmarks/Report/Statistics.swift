/// What is said of many numbers.
public struct Statistics: Sendable, Hashable {
    /// In order of size.
    public let sorted: [Double]

    /// Takes the numbers; those that are none (0/0) are left out.
    ///
    /// - Parameter values: in any order.
    public init(_ values: some Sequence<Double>) {
        sorted = values.filter { !$0.isNaN }.sorted()
    }

    /// The number below which this share of them lies, between neighbours by distance; NaN where there are none.
    ///
    /// - Parameter share: 0 to 1.
    /// - Returns: the quantile.
    public func quantile(_ share: Double) -> Double {
        guard let last = sorted.indices.last else { return .nan }
        let position = min(max(share, 0), 1) * Double(last)
        let below = Int(position)
        let above = min(below + 1, last)
        return sorted[below] + (sorted[above] - sorted[below]) * (position - Double(below))
    }

    /// The middle.
    public var median: Double { quantile(0.5) }
    /// The first quarter ends here.
    public var lowerQuartile: Double { quantile(0.25) }
    /// The last quarter begins here.
    public var upperQuartile: Double { quantile(0.75) }
    /// The greatest; NaN where there are none.
    public var maximum: Double { sorted.last ?? .nan }
}
