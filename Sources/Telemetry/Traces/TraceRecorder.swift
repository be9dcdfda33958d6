import LogoutModel
public import Tracing

/// Begins spans, and decides whose trace is recorded: as its caller decided, or one of so many that begin here.
///
/// Source: W3C Trace Context, the `traceparent` header; `tracestate` is not kept.
public struct TraceRecorder: Tracer {
    private let exporter: SpanExporter
    private let oneIn: Int

    /// A recorder in front of an exporter.
    ///
    /// `oneIn`: of so many traces that begin here one is recorded.
    public init(exporter: SpanExporter, oneIn: Int) {
        self.exporter = exporter
        self.oneIn = max(1, oneIn)
    }

    /// Begins a span: a child of the context's, or the root of a new trace.
    public func startSpan<Instant: TracerInstant>(
        _ operationName: String,
        context: @autoclosure () -> ServiceContext,
        ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant,
        function _: String,
        file _: String,
        line _: UInt
    ) -> TraceSpan {
        var context = context()
        let parent = context.trace
        let place = parent?.child(.random(in: 1 ... .max)) ?? newTrace()
        context.trace = place
        guard let place, place.isSampled else {
            return TraceSpan(context: context, record: nil, exporter: nil)
        }
        let record = RecordedSpan(
            context: place,
            parentID: parent?.spanID,
            name: operationName,
            kind: kind,
            start: instant().nanosecondsSinceEpoch
        )
        return TraceSpan(context: context, record: record, exporter: exporter)
    }

    private func newTrace() -> TraceContext? {
        TraceContext(
            trace: (.random(in: 1 ... .max), .random(in: 1 ... .max)),
            span: .random(in: 1 ... .max),
            isSampled: oneIn == 1 || Int.random(in: 0..<oneIn) == 0
        )
    }

    /// Has what has ended exported soon.
    public func forceFlush() {
        exporter.wake()
    }

    /// Takes the caller's place in its trace from a `traceparent`.
    public func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier,
        into context: inout ServiceContext,
        using extractor: Extract
    ) where Extract.Carrier == Carrier {
        guard let header = extractor.extract(key: "traceparent", from: carrier) else { return }
        context.trace = TraceContext(traceParent: header) ?? context.trace
    }

    /// Puts a place in a trace into a `traceparent`.
    public func inject<Carrier, Inject: Injector>(
        _ context: ServiceContext,
        into carrier: inout Carrier,
        using injector: Inject
    ) where Inject.Carrier == Carrier {
        guard let trace = context.trace else { return }
        injector.inject(trace.traceParent, forKey: "traceparent", into: &carrier)
    }
}
