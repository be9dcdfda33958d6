internal import Benchmarks
internal import FoundationEssentials
internal import StrictJSON

/// Plants each defect in turn and shows that it is caught.
package struct PlantedRun: Sendable {
    /// What came of one defect.
    package struct Verdict: Sendable {
        /// The defect.
        package let defect: PlantedDefect
        /// Who told; `nil` where nobody did.
        package fileprivate(set) var caughtBy: String?
        /// What failed beside that, or why nothing could be run.
        package fileprivate(set) var others: [String] = []
        /// How long building took, in seconds.
        package fileprivate(set) var built = 0.0
        /// How long the proof took, in seconds.
        package fileprivate(set) var ran = 0.0
    }

    private let tree: PlantedTree
    private let harness: String
    private let seed: UInt64
    private let tell: @Sendable (String) -> Void

    /// Describes a run.
    ///
    /// - Parameters:
    ///   - sources: the folder with Package.swift.
    ///   - scratch: a folder that is kept from run to run, so that builds are short.
    ///   - harness: the program that plays faults; it is copied beside the planted product.
    ///   - seed: of every choice.
    ///   - tell: hears what is going on.
    package init(
        of sources: String,
        in scratch: String,
        harness: String,
        seed: UInt64,
        tell: @escaping @Sendable (String) -> Void
    ) {
        tree = PlantedTree(of: sources, in: scratch + "/tree")
        (self.harness, self.seed, self.tell) = (harness, seed, tell)
    }

    /// Plants defects.
    ///
    /// - Parameter names: which; none means all.
    /// - Returns: what came of each.
    /// - Throws: where there is no such defect, or one does not fit the sources any more.
    package func run(_ names: [String]) async throws -> [Verdict] {
        let all = try tree.defects()
        let unknown = names.filter { name in !all.contains { $0.name == name } }
        guard unknown.isEmpty else {
            throw ChaosError(
                "no such defect: \(unknown); there are \(all.map(\.name).joined(separator: ", "))"
            )
        }
        var verdicts: [Verdict] = []
        for defect in all where names.isEmpty || names.contains(defect.name) {
            try Task.checkCancellation()
            tell("planting \(defect.name): \(defect.sentence)")
            let verdict = try await judge(defect)
            tell("\(defect.name): \(verdict.caughtBy.map { "caught by: \($0)" } ?? "NOT CAUGHT")")
            verdicts.append(verdict)
        }
        try tree.plant(nil)
        return verdicts
    }

    private func judge(_ defect: PlantedDefect) async throws -> Verdict {
        try tree.plant(defect)
        var verdict = Verdict(defect: defect)
        let start = ContinuousClock.now
        switch defect.proof {
        case .fault(let name):
            try await tree.build("--product lastcall")
            try await tree.run(
                #"mkdir -p "$3" && cp "$1/.build/debug/lastcall" "$2" "$3""#,
                [tree.folder, harness, tree.programs],
                log: tree.folder + "/../copy.log"
            )
            verdict.built = (ContinuousClock.now - start) / .seconds(1)
            try await play(name, into: &verdict)
        case .tests(let filter):
            try await tree.build("--build-tests")
            verdict.built = (ContinuousClock.now - start) / .seconds(1)
            try await test(filter, into: &verdict)
        }
        verdict.ran = (ContinuousClock.now - start) / .seconds(1) - verdict.built
        return verdict
    }

    private func play(_ fault: String, into verdict: inout Verdict) async throws {
        let output = tree.folder + "/../reports"
        let report = "\(output)/\(fault)-\(seed).json"
        // It fails, as it should: what counts is what it has written.
        try await tree.run(
            #"rm -f "$1"; "$2" "$3" --quick --seed "$4" --output "$5" || :"#,
            [report, tree.programs + "/lastcall-chaos", fault, "\(seed)", output],
            log: tree.folder + "/../play.log"
        )
        let text = try PlantedTree.text(report)
        let json = try JSON.parse(Array(text.utf8), maximumBytes: .max, maximumValues: .max)
        let checks = json["checks"]?.elements ?? []
        let failed = checks.filter { $0["holds"] == .bool(false) }.compactMap { $0["sentence"]?.string }
        let expected = failed.first { sentence in
            verdict.defect.checks.contains { sentence.hasPrefix($0) }
        }
        verdict.caughtBy = expected.map { "\(fault): \($0)" }
        verdict.others = failed.filter { $0 != expected } + [json["failure"]?.string].compactMap { $0 }
    }

    private func test(_ filter: String, into verdict: inout Verdict) async throws {
        let log = tree.folder + "/../play.log"
        try await tree.run(
            #"cd "$1" && { swift test --skip-build --filter "$2" || :; }"#,
            [tree.folder, filter],
            log: log
        )
        let failed = try PlantedTree.text(log).split(separator: "\n").filter {
            $0.contains("✘ Test \"") && $0.contains("failed after")
        }
        verdict.caughtBy = failed.first.map {
            "tests: \($0.split(separator: "\"").dropFirst().first.map(String.init) ?? filter)"
        }
    }
}

extension PlantedRun {
    /// A table for people, in Markdown.
    ///
    /// - Parameter verdicts: a line each.
    /// - Returns: the lines.
    package static func table(_ verdicts: [Verdict]) -> String {
        let lines = verdicts.map { verdict in
            let others = verdict.others.isEmpty ? "" : ", and \(verdict.others.count) more"
            return "| \(verdict.defect.name) | \(verdict.defect.sentence) | "
                + "\(verdict.caughtBy.map { $0 + others } ?? "NOT CAUGHT") | "
                + "\(Int(verdict.built)) + \(Int(verdict.ran)) |"
        }
        return (["| defect | what is wrong | caught by | build + run s |", "|---|---|---|---|"] + lines)
            .joined(separator: "\n") + "\n"
    }
}
