import LogoutModel
import Testing

@Suite("Places in a trace")
struct TraceContextTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let span = "00f067aa0ba902b7"

    @Test("a traceparent is read, written and stored without a change")
    func round() throws {
        for flags in ["00", "01"] {
            let header = "00-\(Self.trace)-\(Self.span)-\(flags)"
            let context = try #require(TraceContext(traceParent: header))
            #expect(context.traceParent == header)
            #expect(context.isSampled == (flags == "01"))
            #expect(TraceContext(stored: context.stored) == context)
            #expect(TraceContext.traceID(stored: context.stored) == Self.trace)
        }
    }

    @Test(
        "what is no traceparent is none",
        arguments: [
            "", "00", "00-\(trace)-\(span)", "00-\(trace)-\(span)-1", "00-\(trace)-\(span)-0g",
            "00-\(trace)-\(span)-01-x", "ff-\(trace)-\(span)-01", "0-\(trace)-\(span)-01",
            "00-00000000000000000000000000000000-\(span)-01", "00-\(trace)-0000000000000000-01",
            "00-\(trace.uppercased())-\(span)-01", "00-\(trace)1-\(span)-01", "00-\(trace)-\(span)\r\n-01",
        ]
    )
    func malformed(header: String) {
        #expect(TraceContext(traceParent: header) == nil)
    }

    @Test("a later version may say more, and other flags than the first are not kept")
    func later() throws {
        let context = try #require(TraceContext(traceParent: "01-\(Self.trace)-\(Self.span)-03-more"))
        #expect(context.traceParent == "00-\(Self.trace)-\(Self.span)-01")
    }

    @Test("a trace's id alone, as older releases stored it, is no place in it")
    func idAlone() {
        #expect(TraceContext(stored: Self.trace) == nil)
        #expect(TraceContext.traceID(stored: Self.trace) == Self.trace)
    }

    @Test("a child has its parent's trace and decision, and a span of its own; zero is no span")
    func child() throws {
        let parent = try #require(TraceContext(traceParent: "00-\(Self.trace)-\(Self.span)-01"))
        #expect(parent.child(255)?.traceParent == "00-\(Self.trace)-00000000000000ff-01")
        #expect(parent.child(0) == nil)
    }
}
