import LastcallTestKit
import Telemetry
import Testing

/// One page of `/metrics`, as Prometheus reads it.
struct Scrape {
    /// What is said of one metric, and its samples: the whole line up to the value, and the value.
    struct Family {
        var help = ""
        var type = ""
        var samples: [(series: String, value: String)] = []

        /// The names of the labels of all samples, without `le`.
        var labels: Set<String> {
            Set(
                samples.flatMap { sample in
                    sample.series.matches(of: /[{,]([a-z_]+)="/).map { String($0.output.1) }
                }
            ).subtracting(["le"])
        }
    }

    let text: String
    private(set) var families: [String: Family] = [:]

    init(port: UInt16) async throws {
        let answer = try await LoopbackCall.send("GET", "/metrics", port: port)
        #expect(answer.status == 200)
        self.init(answer.body)
    }

    init(_ page: String) {
        text = page
        var name = ""
        for line in page.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 3).map(String.init)
            if line.hasPrefix("# HELP ") {
                name = words[2]
                families[name, default: Family()].help = words.count > 3 ? words[3] : ""
            } else if line.hasPrefix("# TYPE ") {
                name = words[2]
                families[name, default: Family()].type = words[3]
            } else if let space = line.lastIndex(of: " ") {
                let sample = (String(line[..<space]), String(line[line.index(after: space)...]))
                families[name, default: Family()].samples.append(sample)
            }
        }
    }

    /// The value of one series.
    func value(_ series: String) -> Double? {
        families.values.lazy.flatMap(\.samples).first { $0.series == series }.flatMap { Double($0.value) }
    }
}
