public import ArgumentParser
public import FleetSimulation
import Glibc

/// Runs seeded histories of a simulated fleet.
@main
struct Simulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lastcall-simulate",
        abstract: "Drives the decisions of a fleet of workers on a virtual clock, with faults at every step."
    )

    @Option(help: "How many histories.")
    var seeds: UInt64 = 10_000

    @Option(help: "The first seed.")
    var from: UInt64 = 1

    @Option(help: "Only this seed, with its trace.")
    var replay: UInt64?

    @Option(help: "A deliberate defect.")
    var defect: Defect?

    @Flag(help: "Plant every deliberate defect in turn and say how soon it is found.")
    var planted = false

    @Option(help: "How many histories at once.")
    var threads = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))

    mutating func run() async throws {
        if let replay { return try tell(replay, Campaign.history(replay, defect: defect, isTraced: true)) }
        if planted { return try await plant() }
        let began = ContinuousClock.now
        let result = await campaign(defect).run()
        let seconds = max((ContinuousClock.now - began) / .seconds(1), 0.001)
        print(
            """
            \(result.histories) histories in \(tenths(seconds)) s, \(Int(Double(result.histories) / seconds)) a second: \
            \(result.virtualMicroseconds / 3_600_000_000) virtual hours, \(result.deliveries) deliveries, \
            \(result.posts) POSTs, \(result.takeovers) leases taken over, the slowest \
            \(result.slowestTakeover / 1_000) ms after its end once faults had stopped
            """
        )
        if let broken = result.broken {
            try tell(broken.seed, Campaign.history(broken.seed, defect: defect, isTraced: true))
        }
    }

    private func campaign(_ defect: Defect?) -> Campaign {
        Campaign(first: from, count: seeds, defect: defect, threads: threads)
    }

    /// A failing history; exits with 1 where it fails.
    private func tell(_ seed: UInt64, _ verdict: Verdict) throws {
        for line in verdict.trace { print(line) }
        guard let finding = verdict.finding else { return print("seed \(seed): every property holds") }
        let option = defect.map { " --defect \($0.rawValue)" } ?? ""
        print(
            """
            seed \(seed): BROKEN: \(finding.property)
              \(finding.delivery.map { "d\($0): " } ?? "")\(finding.detail)
              again: scripts/simulate --replay \(seed)\(option)
            """
        )
        throw ExitCode(1)
    }

    private func plant() async throws {
        var missed = 0
        for defect in Defect.allCases {
            let result = await Campaign(first: from, count: seeds, defect: defect, threads: 1).run()
            let name = defect.rawValue.padded(to: 34)
            if let broken = result.broken {
                print(
                    "\(name) found with seed \(broken.seed), history \(result.histories): \(broken.finding.property)"
                )
            } else {
                missed += 1
                print("\(name) NOT FOUND in \(result.histories) histories")
            }
        }
        if missed > 0 { throw ExitCode(1) }
    }

    private func tenths(_ seconds: Double) -> Double { (seconds * 10).rounded() / 10 }
}

extension Defect: ExpressibleByArgument {}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
