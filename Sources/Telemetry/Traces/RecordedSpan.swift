import LogoutModel
import Tracing

/// A span that is over.
struct RecordedSpan: Sendable {
    let context: TraceContext
    let parentID: String?
    var name: String
    let kind: SpanKind
    let start: UInt64
    var end: UInt64 = 0
    var attributes: SpanAttributes = [:]
    var events: [SpanEvent] = []
    var status: SpanStatus?
}
