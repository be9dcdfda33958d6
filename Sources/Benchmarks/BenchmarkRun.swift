internal import FoundationEssentials
internal import Glibc
internal import StrictJSON
internal import Threads

/// One run of some scenarios, each on a stage of its own.
public struct BenchmarkRun: Sendable {
    /// The scenarios, in order.
    public let scenarios: [any Scenario]
    /// How much each of them does.
    public let scale: Scale
    /// Where stages live: on the disk that is to be measured, and where the user of Postgres may pass through.
    public let base: String
    /// The path of `lastcall`.
    public let executable: String

    /// Describes a run; touches nothing.
    ///
    /// - Parameters:
    ///   - scenarios: in order.
    ///   - scale: how much each of them does.
    ///   - base: where stages live.
    ///   - executable: the path of `lastcall`.
    public init(_ scenarios: [any Scenario], scale: Scale, base: String, executable: String) {
        (self.scenarios, self.scale, self.base, self.executable) = (scenarios, scale, base, executable)
    }

    /// What a run found.
    public struct Result: Sendable {
        /// The machine, with the versions of what was measured.
        public var machine = MachineFacts()
        /// A report for each scenario that was begun.
        public var reports: [ScenarioReport] = []

        /// Whether every scenario came to its end and every check holds.
        public var isSound: Bool { reports.allSatisfy(\.isSound) }
    }

    /// Runs the scenarios one after another.
    ///
    /// - Parameters:
    ///   - tell: hears what is going on.
    ///   - done: gets each report when it is complete.
    /// - Returns: the reports, up to a signal.
    /// - Throws: an error where the machine has no thread.
    public func run(
        tell: @escaping @Sendable (String) -> Void,
        done: @escaping @Sendable (ScenarioReport) -> Void
    ) async throws -> Result {
        // One thread for all of it: children end when the thread that started them does.
        try await DedicatedThread.run(named: "bench") {
            var result = Result()
            for scenario in scenarios where !Interrupt.isRaised {
                tell("\(scenario.name): \(scenario.sentence)")
                let report = measure(scenario, &result.machine, tell)
                if Interrupt.isRaised { break }
                result.reports.append(report)
                done(report)
            }
            return result
        }
    }

    private func measure(
        _ scenario: any Scenario,
        _ machine: inout MachineFacts,
        _ tell: @escaping @Sendable (String) -> Void
    ) -> ScenarioReport {
        var report = ScenarioReport(name: scenario.name, sentence: scenario.sentence)
        let start = ContinuousClock.now
        do {
            let stage = try Stage(scale: scale, below: base, executable: executable, tell: tell)
            defer { stage.close() }
            let version = MachineFacts.Version("Postgres", stage.serverVersion)
            if !machine.versions.contains(version) { machine.versions.append(version) }
            try scenario.run(on: stage, into: &report)
        } catch {
            report.failure = "\(error)"
        }
        report.seconds = (ContinuousClock.now - start).inSeconds
        return report
    }
}
