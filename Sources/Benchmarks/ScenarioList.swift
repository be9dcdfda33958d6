/// Every scenario there is, in the order in which a run takes them.
public enum ScenarioList {
    /// All of them.
    public static let all: [any Scenario] = [
        FloorScenario.es256, FloorScenario.rs256,
        IntakeScenario(), LatencyScenario(), HangingScenario(), DeadClientScenario(), SnapshotScenario(),
        HistoryScenario(), BulkScenario(), MemoryScenario(), ScalingScenario(), WALScenario(),
    ]

    /// Those that were asked for.
    ///
    /// - Parameters:
    ///   - names: by name; empty for those that run by default.
    ///   - scale: `full` adds those that only a full run takes.
    /// - Returns: in the list's order.
    /// - Throws: ``BenchmarkError`` for a name that is none.
    public static func chosen(_ names: [String], scale: Scale) throws(BenchmarkError) -> [any Scenario] {
        for name in names where !all.contains(where: { $0.name == name }) {
            throw BenchmarkError("there is no scenario \(name); --list names them")
        }
        return all.filter { scenario in
            names.isEmpty ? scale == .full || !scenario.isOnlyFull : names.contains(scenario.name)
        }
    }
}
