import Benchmarks
import StrictJSON
import Testing

@Suite("The ratios of an earlier run")
struct RatioFileTests {
    private func report(
        _ name: String,
        _ value: Double,
        better: Figure.Direction = .higher,
        holds: Bool = true
    ) -> ScenarioReport {
        var report = ScenarioReport(name: name, sentence: "")
        report.add(.ratio("floor ratio", value, better: better, tolerance: 0.1))
        report.add(Figure("product", 61, "us"))
        report.add(Check("all is right", holds))
        return report
    }

    private func file(better: Figure.Direction) -> RatioFile {
        RatioFile(entries: [
            .init(
                scenario: "floor",
                figure: "floor ratio",
                value: 0.5,
                comparison: .init(better: better, tolerance: 0.1)
            )
        ])
    }

    @Test(
        "A ratio may be worse by its tolerance and no more",
        arguments: [
            (Figure.Direction.higher, 0.45, false), (.higher, 0.449, true), (.higher, 0.9, false),
            (.lower, 0.55, false), (.lower, 0.551, true), (.lower, 0.1, false),
        ]
    )
    func tolerance(better: Figure.Direction, value: Double, isRegression: Bool) {
        let found = file(better: better).regressions(in: [report("floor", value, better: better)])
        #expect(found.isEmpty != isRegression)
        if isRegression { #expect(found.first?.hasPrefix("floor: floor ratio is ") == true) }
    }

    @Test("A scenario that did not run is not compared; one without its ratio is a regression")
    func missing() {
        let file = file(better: .higher)
        #expect(file.regressions(in: [report("intake", 0.1)]).isEmpty)
        #expect(file.regressions(in: [report("floor", 0.5, holds: false)]).count == 1)
    }

    @Test("What is saved is read again, only ratios of sound runs, and what other scenarios had is kept")
    func saving() throws {
        let former = RatioFile([report("intake", 0.3), report("floor", 0.4)])
        let latest = RatioFile([report("floor", 0.5), report("wal", 0.9, holds: false)], keeping: former)
        let read = try RatioFile(latest.json)
        #expect(read.entries.map(\.scenario) == ["intake", "floor"])
        #expect(read.entries.map(\.value) == [0.3, 0.5])
        #expect(read == latest)
    }

    @Test(
        "A file that is none is refused with the place of its fault",
        arguments: [
            #"{"ratios": [{"scenario": "floor"}]}"#, #"{}"#, "no",
            #"{"ratios": [{"scenario": "a", "figure": "b", "value": 1, "better": "bigger", "tolerance": 0.1}]}"#,
            #"{"ratios": [{"scenario": "a", "figure": "b", "value": 1, "better": "lower", "tolerance": -1}]}"#,
        ]
    )
    func malformed(text: String) {
        #expect(throws: JSONError.self) { try RatioFile(Array(text.utf8)) }
    }
}
