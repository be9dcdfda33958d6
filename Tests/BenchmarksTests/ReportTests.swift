import Benchmarks
import StrictJSON
import Testing

@Suite("Reports of scenarios")
struct ReportTests {
    private func report(holds: Bool) -> ScenarioReport {
        var report = ScenarioReport(name: "floor", sentence: "deliveries against the floor")
        report.add(.ratio("floor ratio", 0.715, better: .higher, tolerance: 0.1, aim: .atLeast(0.7)))
        report.add(Figure("product", 61.25, "us", aim: .atMost(60)))
        report.add(Figure("rate", 14_512.6, "1/s"))
        report.add(Check("distinct jti equal deliveries", holds, detail: "9 of 10"))
        return report
    }

    @Test("JSON has every figure with its aim, and every check")
    func json() throws {
        let json = try JSON.parse(report(holds: true).json(.standard))
        #expect(json["sound"] == .bool(true))
        #expect(json["withheld_figures"] == .number(JSONNumber(0)))
        guard case .array(let figures)? = json["figures"],
            case .array(let checks)? = json["checks"]
        else {
            Issue.record("no lists")
            return
        }
        #expect(figures.compactMap { $0["name"]?.string } == ["floor ratio", "product", "rate"])
        #expect(figures.map { $0["met"] } == [.bool(true), .bool(false), nil])
        #expect(figures[0]["aim"]?["at_least"] != nil)
        #expect(checks.map { $0["holds"] } == [.bool(true)])
    }

    @Test("A failed check withholds ratios, in the table and in JSON, and says so")
    func refusal() throws {
        let report = report(holds: false)
        #expect(!report.isSound)
        #expect(!report.table.contains("0.715"))
        #expect(!report.table.contains("floor ratio"))
        #expect(report.table.contains("1 ratios are withheld"))
        #expect(report.table.contains("FAILED  distinct jti equal deliveries (9 of 10)"))
        let text = String(decoding: report.json(.standard), as: UTF8.self)
        #expect(!text.contains("0.715"))
        #expect(text.contains("\"withheld_figures\":1"))
        #expect(text.contains("\"sound\":false"))
    }

    @Test("The table says which aims are met")
    func table() {
        let table = report(holds: true).table
        #expect(table.contains("floor ratio   0.715 ratio  aim: at least 0.700, met"))
        #expect(table.contains("product        61.3 us     aim: at most 60, MISSED"))
        #expect(table.contains("rate         14,513 1/s\n"))
        #expect(table.contains("ok      distinct jti"))
    }

    @Test(
        "An aim's bound itself is good",
        arguments: [
            (Figure.Aim.atMost(10), 10.0, true), (.atMost(10), 10.01, false), (.atLeast(0.7), 0.7, true),
            (.atLeast(0.7), 0.699, false),
        ]
    )
    func aims(aim: Figure.Aim, value: Double, isMet: Bool) {
        #expect(aim.isMet(by: value) == isMet)
    }
}
