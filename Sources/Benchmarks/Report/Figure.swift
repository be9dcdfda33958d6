/// One measured number.
public struct Figure: Sendable, Hashable {
    /// Which way a number is better.
    public enum Direction: String, Sendable, Hashable, CaseIterable {
        case higher
        case lower
    }

    /// What the number should be.
    public struct Aim: Sendable, Hashable {
        /// Which side of the bound is good.
        public let direction: Direction
        /// The last good number.
        public let bound: Double

        /// This or less.
        public static func atMost(_ bound: Double) -> Aim { Aim(direction: .lower, bound: bound) }
        /// This or more.
        public static func atLeast(_ bound: Double) -> Aim { Aim(direction: .higher, bound: bound) }

        /// Whether a number is on the good side; the bound itself is.
        public func isMet(by value: Double) -> Bool {
            direction == .higher ? value >= bound : value <= bound
        }
    }

    /// How a later run on the same machine is compared with this one.
    public struct Comparison: Sendable, Hashable {
        /// Which way is better.
        public let better: Direction
        /// The share by which it may be worse and is still no regression.
        public let tolerance: Double

        /// Makes a comparison.
        public init(better: Direction, tolerance: Double) {
            self.better = better
            self.tolerance = tolerance
        }
    }

    /// Lower case, with spaces, unique in its scenario.
    public let name: String
    /// The number.
    public let value: Double
    /// `us`, `ms`, `1/s`, `bytes`, `MB`, `%`, ``ratioUnit``, or empty for a count.
    public let unit: String
    /// What the number should be, where somebody has said so.
    public let aim: Aim?
    /// Set for numbers that may be compared between runs: ratios of two measures of one run, never times.
    public let comparison: Comparison?

    /// The unit of what is a judgement: withheld when a check of its scenario fails.
    public static let ratioUnit = "ratio"

    /// Makes a figure.
    ///
    /// - Parameters:
    ///   - name: lower case, with spaces, unique in its scenario.
    ///   - value: the number.
    ///   - unit: see ``unit``.
    ///   - aim: what it should be.
    public init(_ name: String, _ value: Double, _ unit: String, aim: Aim? = nil) {
        (self.name, self.value, self.unit, self.aim, comparison) = (name, value, unit, aim, nil)
    }

    /// Makes a ratio of two measures of one run, which later runs are compared with.
    ///
    /// - Parameters:
    ///   - name: lower case, with spaces, unique in its scenario.
    ///   - value: the ratio.
    ///   - better: which way it is better.
    ///   - tolerance: the share by which a later run may be worse.
    ///   - aim: what it should be.
    /// - Returns: the figure.
    public static func ratio(
        _ name: String,
        _ value: Double,
        better: Direction,
        tolerance: Double,
        aim: Aim? = nil
    ) -> Figure {
        Figure(name, value, aim, Comparison(better: better, tolerance: tolerance))
    }

    private init(_ name: String, _ value: Double, _ aim: Aim?, _ comparison: Comparison) {
        (self.name, self.value, unit, self.aim, self.comparison) =
            (name, value, Self.ratioUnit, aim, comparison)
    }

    /// Whether the aim is met; `nil` without one.
    public var isMet: Bool? { aim.map { $0.isMet(by: value) } }
    /// Whether it judges, and so must not be shown when the scenario's own checks fail.
    public var isRatio: Bool { unit == Self.ratioUnit }
}
