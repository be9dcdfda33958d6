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
        let registry = PrometheusRegistry(help: MetricHelp.texts)
        MetricsSystem.bootstrap(registry)
        registry.observe(
            "lastcall_log_lines_dropped_total",
            help: "Log lines that found no room.",
            kind: .counter
        ) {
            Double(sink.statistics.droppedLines)
        }
        self.registry = registry
        logger = Logger(label: "lastcall")
    }

    /// Writes what is still held; a reader that never reads does not hold up the exit.
    func finish() {
        _ = sink.flush(within: .seconds(2))
    }
}

/// The `# HELP` texts of `/metrics`.
enum MetricHelp {
    static let texts = [
        "lastcall_wake_ups_total": "Announcements of due deliveries.",
        "lastcall_deliveries_claimed_total": "Deliveries claimed by this process.",
        "lastcall_settles_fenced_total": "Outcomes that came after their lease was lost.",
        "lastcall_settle_batch_size": "Outcomes recorded in one statement.",
        "lastcall_claim_batch_size": "Deliveries claimed by one statement.",
        "lastcall_attempt_duration_seconds": "Attempts from the POST to its answer or failure.",
        "lastcall_attempts_total": "Attempts by outcome.",
        "lastcall_deliveries_ended_total": "Deliveries that ended, by status.",
        "lastcall_authentications_failed_total": "Calls answered 401.",
        "lastcall_authentications_refused_total":
            "Calls without a proven key answered 429, because too many had failed.",
        "lastcall_calls_rate_limited_total": "Calls answered 429, because their key had made too many.",
        "lastcall_audit_entries_sealed_total": "Audit events sealed by this process.",
    ]
}
