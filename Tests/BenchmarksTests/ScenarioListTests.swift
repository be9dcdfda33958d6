import Benchmarks
import Testing

@Suite("Which scenarios a run takes")
struct ScenarioListTests {
    private var every: [String] { ScenarioList.all.map(\.name) }

    @Test("Names are unique and can be typed")
    func names() {
        #expect(Set(every).count == every.count)
        for name in every {
            #expect(name.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" }, "\(name)")
        }
    }

    @Test("Without names: those that are not only for a full run, and a full run takes all")
    func defaults() throws {
        let short = ScenarioList.all.filter { !$0.isOnlyFull }.map(\.name)
        #expect(try ScenarioList.chosen([], scale: .standard).map(\.name) == short)
        #expect(try ScenarioList.chosen([], scale: .correctness).map(\.name) == short)
        #expect(try ScenarioList.chosen([], scale: .full).map(\.name) == every)
    }

    @Test("With names: those, in the list's order; one that is none is refused by name")
    func chosen() throws {
        #expect(
            try ScenarioList.chosen(["floor-rs256", "floor"], scale: .standard).map(\.name) == [
                "floor", "floor-rs256",
            ]
        )
        #expect(throws: BenchmarkError("there is no scenario flor; --list names them")) {
            try ScenarioList.chosen(["floor", "flor"], scale: .standard)
        }
    }
}
