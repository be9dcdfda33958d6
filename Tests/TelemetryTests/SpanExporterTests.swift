import LastcallTestKit
import LogoutModel
import Telemetry
import Testing
import Tracing

@Suite("Spans on their way to a collector", .timeLimit(.minutes(30)))
struct SpanExporterTests {
    private func exporter(_ collector: ScriptedCollector, capacity: Int = 10_000) -> SpanExporter {
        SpanExporter(
            capacity: capacity,
            attributes: [("service.name", "lastcall")],
            version: "1.2.3",
            pause: .zero
        ) { await collector.take($0) }
    }

    @Test("a span is written as OTLP in JSON asks: hexadecimal ids, times as text, kinds as numbers")
    func document() async throws {
        let collector = ScriptedCollector()
        let exporter = exporter(collector)
        let recorder = TraceRecorder(exporter: exporter, oneIn: 1)
        let parent = try #require(
            TraceContext(traceParent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        )
        let span = recorder.startSpan(
            "POST",
            context: ServiceContext(trace: parent),
            ofKind: .client,
            at: SpanTime(nanosecondsSinceEpoch: 1_700_000_000_000_000_001)
        )
        span.updateAttributes { attributes in
            attributes["http.response.status_code"] = 503
            attributes["a \"name\""] = "a\nvalue"
        }
        let moment = SpanTime(nanosecondsSinceEpoch: 1_700_000_000_000_000_002)
        span.addEvent(SpanEvent(name: "signed", at: moment))
        span.setStatus(SpanStatus(code: .error))
        span.end(at: SpanTime(nanosecondsSinceEpoch: 1_700_000_000_000_000_009))
        span.end(at: SpanTime(nanosecondsSinceEpoch: 1_800_000_000_000_000_000))
        exporter.finish()
        await exporter.run()
        let root = try WrittenObject(try #require(collector.documents.first)).list("resourceSpans")[0]
        #expect(root.object("resource").attributes == ["service.name": "stringValue lastcall"])
        let scope = root.list("scopeSpans")[0].object("scope")
        #expect(scope.text("name") == "lastcall" && scope.text("version") == "1.2.3")
        let spans = try collector.spans()
        try #require(spans.count == 1)
        #expect(spans[0].text("traceId") == parent.traceID)
        #expect(spans[0].text("parentSpanId") == parent.spanID)
        #expect(spans[0].text("spanId") == span.context.trace?.spanID)
        #expect(spans[0].text("spanId") != parent.spanID)
        #expect(spans[0].text("startTimeUnixNano") == "1700000000000000001")
        #expect(spans[0].text("endTimeUnixNano") == "1700000000000000009")
        #expect(spans[0].number("kind") == 3)
        let attributes = ["http.response.status_code": "intValue 503", "a \"name\"": "stringValue a\nvalue"]
        #expect(spans[0].attributes == attributes)
        #expect(spans[0].list("events").map { $0.text("name") } == ["signed"])
        #expect(spans[0].object("status").number("code") == 2)
    }

    @Test("a collector that hangs holds nobody up: spans end at once, and what finds no room is dropped")
    func hangs() async throws {
        let collector = ScriptedCollector()
        collector.hang()
        let exporter = exporter(collector, capacity: 600)
        let recorder = TraceRecorder(exporter: exporter, oneIn: 1)
        let running = Task { await exporter.run() }
        recorder.startSpan("first").end()
        try await eventually("the first batch") { collector.documents.count == 1 }
        for _ in 0..<2_000 { recorder.startSpan("more").end() }
        #expect(exporter.waiting == 600)
        collector.release()
        try await eventually("the rest") { try collector.spans().count == 601 }
        exporter.finish()
        await running.value
        #expect(exporter.waiting == 0)
    }

    @Test("what is refused for now is offered three times, what is refused for good once")
    func refusals() async throws {
        let collector = ScriptedCollector(.notNow, .notNow, .notNow, .refused, .notNow, .taken(refused: 0))
        let exporter = exporter(collector)
        let recorder = TraceRecorder(exporter: exporter, oneIn: 1)
        let running = Task { await exporter.run() }
        for (name, offers) in [("thrice", 3), ("once", 4), ("at last", 6)] {
            recorder.startSpan(name).end()
            try await eventually("\(name)") { collector.documents.count == offers && exporter.waiting == 0 }
        }
        exporter.finish()
        await running.value
        let names = try collector.spans().map { $0.text("name") }
        #expect(names == ["thrice", "thrice", "thrice", "once", "at last", "at last"])
    }

    @Test("a process that ends offers what is left once, and then goes")
    func ends() async throws {
        let collector = ScriptedCollector(.notNow, .notNow)
        let exporter = exporter(collector)
        let recorder = TraceRecorder(exporter: exporter, oneIn: 1)
        for _ in 0..<1_500 { recorder.startSpan("left").end() }
        exporter.finish()
        await exporter.run()
        #expect(collector.documents.count == 1)
        #expect(exporter.waiting == 0)
    }
}
