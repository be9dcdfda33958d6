import ArgumentParser
import Benchmarks
import Foundation
import StrictJSON
import UnixSignals

/// `lastcall bench`: what this machine can do, against what it must at least spend.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure Lastcall on this machine, with a private Postgres and relying parties of its own.",
        discussion: """
            Each scenario runs alone on a fresh cluster, which is removed. The table goes to standard output, JSON to a \
            folder. No ratio is shown where a check of its own scenario fails; such a run exits with 1.
            """
    )
    @Argument(help: "The scenarios, by name; those that --list does not mark as full unless given.")
    var scenarios: [String] = []
    @Flag(help: "Run everything, as long as it takes.") var full = false
    @Flag(help: "Only a few hundred deliveries each, to see whether all is right.") var correctness = false
    @Flag(help: "Name the scenarios.") var list = false
    @Flag(help: "Compare with the ratios of an earlier run; exit with 1 where one is worse than it may be.")
    var check = false
    @Flag(help: "Keep the ratios of this run for --check.") var saveRatios = false
    @Option(help: "The file of --check and --save-ratios.") var ratios = "docs/bench/ratios.json"
    @Option(help: "The folder for JSON; ./bench-results/ and the time unless given.") var output: String?
    @Option(help: "The folder for private clusters, on the disk that is to be measured.") var clusters =
        "/var/tmp"
    @Flag(help: "Print JSON, an object a scenario, instead of tables.") var json = false

    func validate() throws {
        guard !(full && correctness) else { throw ValidationError("Give one of --full and --correctness.") }
        guard !(correctness && (check || saveRatios)) else {
            throw ValidationError("--correctness judges no ratios.")
        }
    }

    func run() async throws {
        if list { return printList() }
        try await finishing(json: json) {
            let chosen = try ScenarioList.chosen(scenarios, scale: scale)
            let former = try check ? RatioFile(ratiosBytes()) : nil
            let folder = try OutputFolder(path: output ?? "bench-results/\(Self.now)")
            let run = BenchmarkRun(
                chosen,
                scale: scale,
                base: clusters,
                executable: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            )
            tell(MachineFacts().text)
            let result = try await endedBySignals { try await measure(run, folder) }
            try folder.keep(result, scale)
            tell("results are in \(folder.path)")
            if Interrupt.isRaised { throw ExitCode(130) }
            try judge(result, former)
        }
    }

    private var scale: Scale { full ? .full : correctness ? .correctness : .standard }

    private func measure(_ run: BenchmarkRun, _ folder: OutputFolder) async throws -> BenchmarkRun.Result {
        let (scale, printsJSON) = (scale, json)
        return try await run.run(tell: tell) { report in
            print(printsJSON ? String(decoding: report.json(scale), as: UTF8.self) : report.table)
            fflush(nil)
            do { try folder.keep(report, scale) } catch { tell("\(error)") }
        }
    }

    private func judge(_ result: BenchmarkRun.Result, _ former: RatioFile?) throws {
        if saveRatios {
            let kept = RatioFile(result.reports, keeping: try? RatioFile(ratiosBytes()))
            let file = URL(fileURLWithPath: ratios)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data(kept.json + [0x0A]).write(to: file)
        }
        let regressions = former?.regressions(in: result.reports) ?? []
        for line in regressions { tell("regression: \(line)") }
        guard result.isSound else { throw Failure("a check failed") }
        guard regressions.isEmpty else {
            throw Failure("\(regressions.count) ratios are worse than they may be")
        }
    }

    private func ratiosBytes() throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: ratios) else {
            throw Failure("\(ratios) cannot be read; --save-ratios makes it")
        }
        return Array(data)
    }

    private func printList() {
        guard !json else {
            for scenario in ScenarioList.all {
                let members: [(String, JSON?)] = [
                    ("scenario", .string(scenario.name)), ("full", .bool(scenario.isOnlyFull)),
                    ("measures", .string(scenario.sentence)),
                ]
                print(JSON.object(of: members).line)
            }
            return
        }
        let rows = ScenarioList.all.map { [$0.name, $0.isOnlyFull ? "full" : "", $0.sentence] }
        print(Table(columns: ["scenario", "", "measures"], rows: rows).text, terminator: "")
    }

    /// The time as part of a name.
    private static var now: String {
        Date.now.formatted(Date.ISO8601FormatStyle(dateSeparator: .omitted, timeSeparator: .omitted))
    }
}

/// Runs to the end, or until SIGINT or SIGTERM have taken everything down; a second signal ends the process at once.
private func endedBySignals<R: Sendable>(_ body: @escaping @Sendable () async throws -> R) async throws -> R {
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    let watcher = Task {
        for await _ in signals {
            if Interrupt.isRaised { _exit(130) }
            Interrupt.raise()
        }
    }
    defer { watcher.cancel() }
    return try await body()
}

/// Says what is going on, beside the results.
@Sendable private func tell(_ line: String) {
    FileHandle.standardError.write(Data("bench: \(line)\n".utf8))
}
