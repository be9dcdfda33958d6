import LogoutModel
import StrictJSON
import Tracing

/// Whose spans they are, and how they are written: OTLP in JSON.
///
/// Source: OpenTelemetry Protocol Specification 1, "JSON Protobuf Encoding": ids are hexadecimal, 64-bit numbers are
/// strings, enumerations are numbers.
struct OTLPResource: Sendable {
    let attributes: [(name: String, value: String)]
    let version: String

    /// The body of one `ExportTraceServiceRequest`.
    func document(of spans: [RecordedSpan]) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 1_024 + spans.count * 768)
        writer.object { writer in
            writer.arrayMember("resourceSpans") { writer in
                writer.object { writer in
                    writer.objectMember("resource") { writer in
                        writer.arrayMember("attributes") { writer in
                            for (name, value) in attributes { writer.attribute(name, .string(value)) }
                        }
                    }
                    writer.arrayMember("scopeSpans") { writer in
                        writer.object { scope(of: spans, into: &$0) }
                    }
                }
            }
        }
        return writer.bytes
    }

    private func scope(of spans: [RecordedSpan], into writer: inout JSONWriter) {
        writer.objectMember("scope") { writer in
            writer.member("name", "lastcall")
            writer.member("version", version)
        }
        writer.arrayMember("spans") { writer in
            for span in spans { writer.object { $0.members(of: span) } }
        }
    }
}

extension JSONWriter {
    fileprivate mutating func members(of span: RecordedSpan) {
        member("traceId", span.context.traceID)
        member("spanId", span.context.spanID)
        if let parent = span.parentID { member("parentSpanId", parent) }
        member("name", span.name)
        member("kind", span.kind.number)
        member("startTimeUnixNano", String(span.start))
        member("endTimeUnixNano", String(span.end))
        attributes(span.attributes)
        if !span.events.isEmpty {
            arrayMember("events") { writer in
                for event in span.events {
                    writer.object { writer in
                        writer.member("timeUnixNano", String(event.nanosecondsSinceEpoch))
                        writer.member("name", event.name)
                        writer.attributes(event.attributes)
                    }
                }
            }
        }
        if let status = span.status {
            objectMember("status") { writer in
                writer.member("code", status.code == .ok ? 1 : 2)
                if let message = status.message { writer.member("message", message) }
            }
        }
    }

    private mutating func attributes(_ attributes: SpanAttributes) {
        guard !attributes.isEmpty else { return }
        arrayMember("attributes") { writer in
            attributes.forEach { writer.attribute($0, $1) }
        }
    }

    fileprivate mutating func attribute(_ name: String, _ value: SpanAttribute) {
        object { writer in
            writer.member("key", name)
            writer.objectMember("value") { writer in
                switch value {
                case .int32(let number): writer.member("intValue", String(number))
                case .int64(let number): writer.member("intValue", String(number))
                case .double(let number): writer.member("doubleValue", number)
                case .bool(let truth): writer.member("boolValue", truth)
                case .string(let text): writer.member("stringValue", text)
                default: writer.member("stringValue", "\(value)")
                }
            }
        }
    }
}

extension SpanKind {
    /// Its number in OTLP.
    fileprivate var number: Int {
        switch self {
        case .internal: 1
        case .server: 2
        case .client: 3
        case .producer: 4
        case .consumer: 5
        }
    }
}
