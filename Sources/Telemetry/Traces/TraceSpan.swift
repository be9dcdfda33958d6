import LogoutModel
import Synchronization
public import Tracing

/// One span. It is handed to the exporter when it ends, once; one of a trace that nobody records costs nothing more.
public final class TraceSpan: Span {
    /// Where it stands in its trace: what its children begin from.
    public let context: ServiceContext

    private let record: Mutex<RecordedSpan?>
    private let exporter: SpanExporter?

    /// A span; without a record, one that leaves none.
    init(context: ServiceContext, record: RecordedSpan?, exporter: SpanExporter?) {
        self.context = context
        self.record = Mutex(record)
        self.exporter = exporter
    }

    /// What it is a span of.
    public var operationName: String {
        get { record.withLock { $0?.name } ?? "" }
        set { record.withLock { $0?.name = newValue } }
    }

    /// What is known of it.
    public var attributes: SpanAttributes {
        get { record.withLock { $0?.attributes } ?? [:] }
        set { record.withLock { $0?.attributes = newValue } }
    }

    /// Whether it has neither ended nor is of a trace that nobody records.
    public var isRecording: Bool { record.withLock { $0 != nil } }

    /// Sets how it came out.
    public func setStatus(_ status: SpanStatus) {
        record.withLock { $0?.status = status }
    }

    /// Adds something that happened in it.
    public func addEvent(_ event: SpanEvent) {
        record.withLock { $0?.events.append(event) }
    }

    /// Adds an error, by its type alone: its text may say what no trace may carry.
    public func recordError<Instant: TracerInstant>(
        _ error: any Error,
        attributes: SpanAttributes,
        at instant: @autoclosure () -> Instant
    ) {
        var all = attributes
        all["exception.type"] = String(reflecting: type(of: error))
        addEvent(SpanEvent(name: "exception", at: instant(), attributes: all))
    }

    /// Nothing here has links.
    public func addLink(_: SpanLink) {}

    /// Ends it; only the first end counts.
    public func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        let ended = record.withLock { record in
            defer { record = nil }
            return record
        }
        guard var ended else { return }
        ended.end = max(ended.start, instant().nanosecondsSinceEpoch)
        exporter?.add(ended)
    }
}
