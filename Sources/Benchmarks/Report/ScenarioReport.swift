/// What one scenario found.
public struct ScenarioReport: Sendable, Hashable {
    /// The scenario's name.
    public let name: String
    /// What it measures.
    public let sentence: String
    /// In the order in which they were found.
    public private(set) var checks: [Check] = []
    /// What stopped it.
    public internal(set) var failure: String?
    /// How long it took.
    public internal(set) var seconds = 0.0
    private var found: [Figure] = []

    /// Starts an empty report.
    ///
    /// - Parameters:
    ///   - name: the scenario's.
    ///   - sentence: what it measures.
    public init(name: String, sentence: String) {
        (self.name, self.sentence) = (name, sentence)
    }

    /// Adds a figure.
    public mutating func add(_ figure: Figure) { found.append(figure) }

    /// Adds a check.
    public mutating func add(_ check: Check) { checks.append(check) }

    /// Whether it came to its end and every check holds.
    public var isSound: Bool { failure == nil && checks.allSatisfy(\.holds) }

    /// The figures to show: without those that judge, where a check fails.
    public var figures: [Figure] { isSound ? found : found.filter { !$0.isRatio } }

    /// How many figures are withheld, because a check fails.
    public var withheld: Int { found.count - figures.count }
}
