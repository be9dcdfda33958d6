public import StrictJSON

/// The ratios of an earlier run, which a later one must keep.
public struct RatioFile: Sendable, Hashable {
    /// One ratio.
    public struct Entry: Sendable, Hashable {
        /// Its scenario.
        public let scenario: String
        /// Its figure.
        public let figure: String
        /// What it was.
        public let value: Double
        /// Which way it is better, and by which share it may be worse.
        public let comparison: Figure.Comparison

        /// Makes an entry.
        public init(scenario: String, figure: String, value: Double, comparison: Figure.Comparison) {
            (self.scenario, self.figure, self.value, self.comparison) = (scenario, figure, value, comparison)
        }

        /// The worst number that is no regression.
        public var bound: Double {
            switch comparison.better {
            case .higher: value * (1 - comparison.tolerance)
            case .lower: value * (1 + comparison.tolerance)
            }
        }

        func isKept(by value: Double) -> Bool {
            comparison.better == .higher ? value >= bound : value <= bound
        }
    }

    /// In the order in which they are written.
    public let entries: [Entry]

    /// Takes entries as they are.
    public init(entries: [Entry]) { self.entries = entries }

    /// Keeps the ratios of this run, and of `former` those whose scenarios this run left out.
    ///
    /// - Parameters:
    ///   - reports: of this run; what is not sound is left out.
    ///   - former: what is kept besides.
    public init(_ reports: [ScenarioReport], keeping former: RatioFile? = nil) {
        let sound = reports.filter(\.isSound)
        let measured = Set(sound.map(\.name))
        let kept = former?.entries.filter { !measured.contains($0.scenario) } ?? []
        let fresh = sound.flatMap { report in
            report.figures.compactMap { figure in
                figure.comparison.map {
                    Entry(scenario: report.name, figure: figure.name, value: figure.value, comparison: $0)
                }
            }
        }
        entries = (kept + fresh).filter(\.value.isFinite)
    }

    /// Reads a file.
    ///
    /// - Parameter bytes: JSON.
    /// - Throws: `JSONError`, which names the member at fault.
    public init(_ bytes: [UInt8]) throws(JSONError) {
        var reader = try ObjectReader(try JSON.parse(bytes))
        var read: [Entry] = []
        for var ratio in try reader.objects("ratios", maximumCount: 1_000) {
            let scenario = try ratio.string("scenario", maximumBytes: 100)
            let figure = try ratio.string("figure", maximumBytes: 100)
            let value = try ratio.double("value", 0...1e12)
            let better = try ratio.enumeration("better", of: Figure.Direction.self)
            let tolerance = try ratio.double("tolerance", 0...10)
            try ratio.finish()
            read.append(
                Entry(
                    scenario: scenario,
                    figure: figure,
                    value: value,
                    comparison: .init(better: better, tolerance: tolerance)
                )
            )
        }
        try reader.finish()
        entries = read
    }

    /// The file's bytes.
    public var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.arrayMember("ratios") { writer in
                for entry in entries {
                    writer.object { writer in
                        writer.member("scenario", entry.scenario)
                        writer.member("figure", entry.figure)
                        writer.member("value", (entry.value * 10_000).rounded() / 10_000)
                        writer.member("better", entry.comparison.better.rawValue)
                        writer.member("tolerance", entry.comparison.tolerance)
                    }
                }
            }
        }
        return writer.bytes
    }

    /// Compares a run with the file.
    ///
    /// - Parameter reports: of the run; scenarios that it left out are not compared.
    /// - Returns: one line for each ratio that is worse than it may be, or that a sound run would have and this has not.
    public func regressions(in reports: [ScenarioReport]) -> [String] {
        let runs = Dictionary(reports.map { ($0.name, $0) }) { first, _ in first }
        return entries.compactMap { entry in
            guard let report = runs[entry.scenario] else { return nil }
            let name = "\(entry.scenario): \(entry.figure)"
            guard let figure = report.figures.first(where: { $0.name == entry.figure }) else {
                return "\(name) was not measured; it was \(ScenarioReport.number(entry.value))"
            }
            guard !entry.isKept(by: figure.value) else { return nil }
            let side = entry.comparison.better == .higher ? "at least" : "at most"
            return
                "\(name) is \(ScenarioReport.number(figure.value)), was \(ScenarioReport.number(entry.value)), "
                + "must be \(side) \(ScenarioReport.number(entry.bound))"
        }
    }
}
