internal import FoundationEssentials
internal import StrictJSON

/// The folder that keeps the results of one run: a file for each scenario, and `summary.json`.
public struct OutputFolder: Sendable {
    /// Where it is.
    public let path: String

    /// Makes the folder where it is missing.
    ///
    /// - Parameter path: where.
    /// - Throws: ``BenchmarkError``.
    public init(path: String) throws(BenchmarkError) {
        self.path = path
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw BenchmarkError("the folder \(path) cannot be made")
        }
    }

    /// Keeps one report.
    ///
    /// - Parameters:
    ///   - report: of one scenario.
    ///   - scale: of the run.
    /// - Throws: ``BenchmarkError``.
    public func keep(_ report: ScenarioReport, _ scale: Scale) throws(BenchmarkError) {
        try write(report.json(scale), "\(report.name).json")
    }

    /// Keeps the whole.
    ///
    /// - Parameters:
    ///   - result: of the run.
    ///   - scale: of the run.
    /// - Throws: ``BenchmarkError``.
    public func keep(_ result: BenchmarkRun.Result, _ scale: Scale) throws(BenchmarkError) {
        var writer = JSONWriter()
        writer.object { writer in
            writer.objectMember("machine") { result.machine.write(to: &$0) }
            writer.member("scale", scale.rawValue)
            writer.member("sound", result.isSound)
            writer.arrayMember("scenarios") { writer in
                for report in result.reports { writer.raw(report.json(scale)) }
            }
        }
        try write(writer.bytes, "summary.json")
    }

    private func write(_ bytes: [UInt8], _ name: String) throws(BenchmarkError) {
        guard FileManager.default.createFile(atPath: "\(path)/\(name)", contents: Data(bytes + [0x0A])) else {
            throw BenchmarkError("\(path)/\(name) cannot be written")
        }
    }
}
