/// One question that the benchmark asks, on a stage of its own.
///
/// It runs on one thread of the benchmark and may block; what a signal must be able to end goes through the ``Stage``.
public protocol Scenario: Sendable {
    /// As it is called on the command line: lower case, with dashes.
    var name: String { get }
    /// What it measures, in one sentence without a full stop.
    var sentence: String { get }
    /// Whether it runs only when it is named or with `--full`.
    var isOnlyFull: Bool { get }

    /// Measures.
    ///
    /// - Parameters:
    ///   - stage: a fresh cluster and what runs on it; its ``Stage/scale`` says how much to do.
    ///   - report: takes figures and checks, in the order in which they are shown.
    /// - Throws: what made it stop; figures so far are kept, and the scenario counts as failed.
    func run(on stage: Stage, into report: inout ScenarioReport) throws
}

extension Scenario {
    /// Most run always.
    public var isOnlyFull: Bool { false }
}

/// How much a run does.
public enum Scale: String, Sendable, Hashable, CaseIterable {
    /// A few hundred deliveries a scenario, and only what is right or wrong: for continuous integration.
    case correctness
    /// All default scenarios within ten minutes.
    case standard
    /// Everything, as long as it takes.
    case full
}
