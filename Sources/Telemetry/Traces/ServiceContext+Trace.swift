public import LogoutModel
public import Tracing

private enum TraceContextKey: ServiceContextKey {
    typealias Value = TraceContext
    static let nameOverride: String? = "lastcall.trace"
}

extension ServiceContext {
    /// Where in a trace this context stands; `nil` outside of any.
    public var trace: TraceContext? {
        get { self[TraceContextKey.self] }
        set { self[TraceContextKey.self] = newValue }
    }

    /// The context of a place in a trace, or of none.
    public init(trace: TraceContext?) {
        self = .topLevel
        self.trace = trace
    }
}
