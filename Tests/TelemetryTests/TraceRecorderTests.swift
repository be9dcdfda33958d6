import LogoutModel
import Telemetry
import Testing
import Tracing

@Suite("Which traces are recorded")
struct TraceRecorderTests {
    private struct Headers: Extractor, Injector {
        func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
        func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) {
            carrier[key] = value
        }
    }

    private let exporter = SpanExporter(capacity: 100_000, attributes: [], version: "1") { _ in .refused }

    private func recorder(oneIn: Int) -> TraceRecorder { TraceRecorder(exporter: exporter, oneIn: oneIn) }

    private func parent(_ flags: String) -> ServiceContext {
        let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-\(flags)"
        return ServiceContext(trace: TraceContext(traceParent: header))
    }

    @Test("the caller's decision holds, whatever is recorded of traces that begin here")
    func parents() {
        let all = recorder(oneIn: 1)
        let few = recorder(oneIn: 1_000_000)
        #expect(!all.startSpan("a", context: parent("00")).isRecording)
        #expect(few.startSpan("a", context: parent("01")).isRecording)
    }

    @Test("of traces that begin here one in so many is recorded, with all of its spans or none")
    func share() {
        let recorder = recorder(oneIn: 4)
        var recorded = 0
        for _ in 0..<4_000 {
            let root = recorder.startSpan("root", context: .topLevel)
            let child = recorder.startSpan("child", context: root.context)
            #expect(child.isRecording == root.isRecording)
            #expect(child.context.trace?.traceID == root.context.trace?.traceID)
            if root.isRecording { recorded += 1 }
        }
        // Nine standard deviations to each side.
        #expect((753...1_247).contains(recorded))
    }

    @Test("a place in a trace goes through headers; a malformed one leaves what there was")
    func headers() {
        let recorder = recorder(oneIn: 1)
        var carrier: [String: String] = [:]
        recorder.inject(parent("01"), into: &carrier, using: Headers())
        #expect(carrier == ["traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"])
        var context = ServiceContext.topLevel
        recorder.extract(carrier, into: &context, using: Headers())
        #expect(context.trace == parent("01").trace)
        recorder.extract(["traceparent": "00-x"], into: &context, using: Headers())
        #expect(context.trace == parent("01").trace)
    }

}
