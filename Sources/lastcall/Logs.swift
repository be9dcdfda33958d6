import CoreMetrics
import Logging
import Settings
import Telemetry

/// Logs and metrics of a long-running process: JSON lines on standard error, a registry for `/metrics`.
struct Logs {
    let sink: LogSink
    let logger: Logger
    let registry: PrometheusRegistry

    init(_ settings: LastcallSettings) throws {
        let sink = try LogSink(capacity: settings.logBuffer)
        self.sink = sink
        let level = settings.logLevel
        LoggingSystem.bootstrap { label in JSONLinesLogHandler(label: label, sink: sink, level: level) }
        let registry = PrometheusRegistry(MetricCatalogue.self)
        MetricsSystem.bootstrap(registry)
        registry.observe("lastcall_log_lines_dropped_total") { Double(sink.statistics.droppedLines) }
        self.registry = registry
        logger = Logger(label: "lastcall")
    }

    /// Writes what is still held; a reader that never reads does not hold up the exit.
    func finish() {
        _ = sink.flush(within: .seconds(2))
    }
}
