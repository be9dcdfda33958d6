import Foundation
import Telemetry
import Testing

@Suite("The catalogue of metrics")
struct MetricCatalogueTests {
    /// What a histogram's samples are called, and so what a query may name.
    private static let samples = Set(
        MetricCatalogue.all.flatMap { metric in
            metric.kind == .histogram
                ? ["_bucket", "_sum", "_count"].map { metric.name + $0 } : [metric.name]
        }
    )

    @Test("docs/metrics.md lists every metric; with LASTCALL_WRITE_METRICS set it is written anew")
    func reference() throws {
        let text = try OperatorFiles.text("docs/metrics.md")
        let begin = try #require(text.range(of: "\n## ")).lowerBound
        let head = String(text[...begin])
        if ProcessInfo.processInfo.environment["LASTCALL_WRITE_METRICS"] != nil {
            let file = OperatorFiles.root.appending(path: "docs/metrics.md")
            try (head + MetricCatalogue.reference).write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try OperatorFiles.text("docs/metrics.md") == head + MetricCatalogue.reference)
    }

    @Test("names are Prometheus's way: one meaning each, counters end in _total and nothing else does")
    func names() {
        #expect(Set(MetricCatalogue.all.map(\.name)).count == MetricCatalogue.all.count)
        for metric in MetricCatalogue.all {
            #expect(metric.name.wholeMatch(of: /(lastcall|process)_[a-z0-9_]+/) != nil)
            #expect(metric.name.hasSuffix("_total") == (metric.kind == .counter), "\(metric.name)")
            for unit in ["milli", "micro", "minutes", "hours", "kilo", "percent"] {
                #expect(!metric.name.contains(unit), "\(metric.name)")
            }
            #expect(metric.help.hasSuffix(".") && !metric.help.contains("|"), "\(metric.name)")
        }
    }

    @Test(
        "dashboard and alerts name no metric that does not exist",
        arguments: ["deploy/grafana/lastcall.json", "deploy/prometheus/alerts.yml"]
    )
    func known(path: String) throws {
        let names = OperatorFiles.names(in: try OperatorFiles.text(path))
        #expect(names.count > 15)
        #expect(names.subtracting(Self.samples).sorted() == [])
    }

    @Test("the dashboard needs nothing but Prometheus, and places no two panels upon each other")
    func dashboard() throws {
        let data = Data(try OperatorFiles.text("deploy/grafana/lastcall.json").utf8)
        let root = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let panels = try #require(root["panels"] as? [[String: Any]])
        #expect(panels.count > 30)
        var taken: Set<[Int]> = []
        for panel in panels {
            let title = panel["title"] as? String ?? "?"
            #expect(["row", "stat", "timeseries"].contains(panel["type"] as? String))
            let grid = try #require(panel["gridPos"] as? [String: Int])
            for x in 0..<(grid["w"] ?? 0) {
                for y in 0..<(grid["h"] ?? 0) {
                    let place = [(grid["x"] ?? 0) + x, (grid["y"] ?? 0) + y]
                    #expect(place[0] < 24 && taken.insert(place).inserted, "\(title)")
                }
            }
            guard panel["type"] as? String != "row" else { continue }
            #expect((panel["description"] as? String)?.isEmpty == false, "\(title)")
            #expect((panel["datasource"] as? [String: String])?["uid"] == "${datasource}")
            for target in try #require(panel["targets"] as? [[String: Any]]) {
                #expect((target["datasource"] as? [String: String])?["uid"] == "${datasource}")
            }
        }
    }

    @Test("each alert has a runbook, a test in which it fires and one in which it is silent")
    func alerts() throws {
        let rules = try OperatorFiles.text("deploy/prometheus/alerts.yml")
        let tests = try OperatorFiles.text("deploy/prometheus/alerts.test.yml")
        let operations = try OperatorFiles.text("docs/operations.md")
        let names = rules.matches(of: /- alert: (\w+)/).map { String($0.output.1) }
        #expect(names.count > 20 && Set(names).count == names.count)
        let runbooks = rules.matches(of: /runbook: docs\/operations\.md#(\w+)/).map { String($0.output.1) }
        #expect(runbooks == names.map { $0.lowercased() })
        for name in names {
            #expect(operations.contains("\n### \(name)\n"), "docs/operations.md has no section \(name)")
            for word in ["fires", "is silent"] { #expect(tests.contains("- name: \(name) \(word)\n")) }
        }
    }

    @Test("no histogram has more than twenty bounds")
    func bounds() {
        for (name, buckets) in MetricCatalogue.buckets {
            #expect(MetricCatalogue.all.contains { $0.name == name && $0.kind == .histogram })
            #expect(buckets.bounds.count <= 20)
        }
    }
}
