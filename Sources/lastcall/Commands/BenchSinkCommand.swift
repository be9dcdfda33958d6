import ArgumentParser
import Benchmarks
import Foundation

/// `lastcall bench-sink`: the relying parties of `lastcall bench`, which starts it and speaks with it by lines of JSON.
struct BenchSinkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench-sink",
        abstract: "The relying parties of bench, in a process of their own.",
        shouldDisplay: false
    )
    @Option(help: "How many ports to listen at.") var ports: Int
    @Option(help: "Where they begin; ports that others use are left out.") var firstPort: UInt16 = 20_000
    @Option(help: "The file with the certificate, in PEM.") var certificate: String
    @Option(help: "The file with its private key, in PEM.") var key: String

    func run() async throws {
        let plan = SinkPlan(
            ports: ports,
            firstPort: firstPort,
            certificate: try String(contentsOfFile: certificate, encoding: .utf8),
            key: try String(contentsOfFile: key, encoding: .utf8)
        )
        // Nothing else runs in this process, so its first thread may serve.
        try SinkProcess.serve(plan)
    }
}
