import CoreMetrics
import Metrics

/// What is counted of callers; no label grows with them.
struct AccessMetrics: Sendable {
    /// Answered 401.
    let failed = Counter(label: "lastcall_authentications_failed_total")
    /// Answered 429 before any work, because too many had failed.
    let refused = Counter(label: "lastcall_authentications_refused_total")
    /// Answered 429 because their key had made too many.
    let limited = Counter(label: "lastcall_calls_rate_limited_total")
}
