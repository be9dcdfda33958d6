import ArgumentParser
import Benchmarks
import Chaos
import Foundation
import UnixSignals

/// Breaks a fleet on purpose, and draws up the accounts.
@main
struct ChaosCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lastcall-chaos",
        abstract: "Break a fleet of Lastcall on purpose, and draw up the accounts.",
        discussion: """
            Each fault is played under load in a world of its own: a fleet, a Postgres cluster and relying parties that keep \
            a ledger of all they receive. Afterwards what was owed is compared with what was done. The table goes to standard \
            output; any difference makes the exit status 1.
            """
    )
    @Argument(help: "The faults, by name.") var faults: [String] = []
    @Flag(help: "All faults.") var all = false
    @Flag(help: "Name the faults.") var list = false
    @Flag(
        help:
            "A small world and short phases, where times are told and not judged; without names, a few faults in one world."
    )
    var quick = false
    @Flag(help: "Faults at random, one after another in one world.") var random = false
    @Flag(help: "Plant deliberate defects, all or those named, and show that each is caught.") var planted =
        false
    @Option(help: "The first seed.") var seed: UInt64 = 1
    @Option(help: "Play each fault under so many seeds.") var seeds = 1
    @Option(help: "How long --random goes on.") var minutes = 10
    @Option(help: "A folder for JSON, a file a fault and seed.") var output: String?
    @Option(help: "The folder for worlds, where Postgres's user may pass through.") var worlds = "/var/tmp"

    func validate() throws {
        guard seeds > 0, minutes > 0 else { throw ValidationError("Give positive numbers.") }
        guard list || all || quick || random || planted || !faults.isEmpty else {
            throw ValidationError("Name a fault, or give --all, --quick, --random or --list.")
        }
    }

    func run() async throws {
        if list {
            for fault in FaultList.all { print("\(fault.name): \(fault.sentence)") }
            return
        }
        if planted { return try await plant() }
        let chosen = try chosenFaults()
        try PrivateNetwork.enter()
        var reports: [FaultReport] = []
        for fault in chosen {
            for offset in 0..<UInt64(seeds) where !Interrupt.isRaised {
                let report = try await play(fault, seed + offset)
                if Interrupt.isRaised { break }
                FileHandle.standardOutput.write(Data(report.text.utf8))
                try keep(report)
                reports.append(report)
            }
        }
        if Interrupt.isRaised { throw ExitCode(130) }
        FileHandle.standardOutput.write(Data(("\n" + ReportTable.text(reports)).utf8))
        guard reports.allSatisfy(\.isBalanced) else { throw ExitCode(1) }
    }

    /// Runs in the folder with Package.swift, as scripts/chaos does.
    private func plant() async throws {
        let here = FileManager.default.currentDirectoryPath
        let harness = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let run = PlantedRun(of: here, in: here + "/.build-planted", harness: harness, seed: seed, tell: tell)
        let verdicts = try await run.run(faults)
        print(PlantedRun.table(verdicts))
        guard verdicts.allSatisfy({ $0.caughtBy != nil }) else { throw ExitCode(1) }
    }

    private func chosenFaults() throws -> [any Fault] {
        if random { return [FaultMix(minutes: minutes)] }
        if all { return FaultList.all }
        if faults.isEmpty { return [FaultMix(inOrder: FaultList.quick)] }
        do { return try FaultList.named(faults) } catch { throw ValidationError(error.description) }
    }

    /// Ends what runs where a signal comes; a second one ends this process at once, and all that it started with it.
    private func play(_ fault: any Fault, _ seed: UInt64) async throws -> FaultReport {
        let run = ChaosRun(isQuick: quick, base: worlds, tell: tell)
        let playing = Task { try await run.play(fault, seed: seed) }
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        let watcher = Task {
            for await _ in signals {
                if Interrupt.isRaised { _exit(130) }
                Interrupt.raise()
                playing.cancel()
            }
        }
        defer { watcher.cancel() }
        return try await playing.value
    }

    private func keep(_ report: FaultReport) throws {
        guard let output else { return }
        let folder = URL(filePath: output)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(report.json + [0x0A]).write(to: folder.appending(path: "\(report.name)-\(report.seed).json"))
    }
}

/// Says what is going on, beside the results.
@Sendable private func tell(_ line: String) {
    FileHandle.standardError.write(Data("chaos: \(line)\n".utf8))
}
