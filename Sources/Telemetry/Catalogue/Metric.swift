/// One metric of `/metrics`, as it is promised: `docs/metrics.md` lists these, dashboards and alerts are held against them.
public struct Metric: Sendable, Hashable {
    /// What the `# TYPE` line says.
    public enum Kind: String, Sendable, Hashable {
        /// It only goes up, until the process ends.
        case counter
        /// It goes up and down.
        case gauge
        /// How often which sizes were met.
        case histogram
    }

    /// Its name.
    public let name: String
    /// What it is.
    public let kind: Kind
    /// The labels of each of its series.
    public let labels: [String]
    /// What it says, in one line.
    public let help: String

    static func counter(_ name: String, labels: [String] = [], _ help: String) -> Metric {
        Metric(name: name, kind: .counter, labels: labels, help: help)
    }

    static func gauge(_ name: String, labels: [String] = [], _ help: String) -> Metric {
        Metric(name: name, kind: .gauge, labels: labels, help: help)
    }

    static func histogram(_ name: String, labels: [String] = [], _ help: String) -> Metric {
        Metric(name: name, kind: .histogram, labels: labels, help: help)
    }
}
