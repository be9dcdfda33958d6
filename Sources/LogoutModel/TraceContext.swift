/// A place in a trace: which trace, which span of it, and whether the trace is recorded.
///
/// Source: W3C Trace Context, section 3.2.
public struct TraceContext: Sendable, Hashable {
    /// The trace's id, 32 lower-case hexadecimal digits, not all zero.
    public let traceID: String
    /// The span's id, 16 lower-case hexadecimal digits, not all zero.
    public let spanID: String
    /// Whether whoever began it records it.
    public let isSampled: Bool

    /// A place in a trace; `nil` where an id is none.
    public init?(traceID: some StringProtocol, spanID: some StringProtocol, isSampled: Bool) {
        guard Self.isID(traceID, 32), Self.isID(spanID, 16) else { return nil }
        self.traceID = String(traceID)
        self.spanID = String(spanID)
        self.isSampled = isSampled
    }

    /// A new span of the same trace.
    ///
    /// `number`: its id, not zero.
    public func child(_ number: UInt64) -> TraceContext? {
        TraceContext(traceID: traceID, spanID: Self.hex(number), isSampled: isSampled)
    }

    /// The beginning of a trace, from three numbers; `nil` where an id would be zero.
    public init?(trace: (high: UInt64, low: UInt64), span: UInt64, isSampled: Bool) {
        self.init(
            traceID: Self.hex(trace.high) + Self.hex(trace.low),
            spanID: Self.hex(span),
            isSampled: isSampled
        )
    }

    /// Reads a `traceparent`; `nil` for a malformed one, which is ignored (section 3.2.2.3 says to begin a new trace
    /// then).
    public init?(traceParent header: String) {
        let parts = header.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 4, Self.isHex(parts[0], 2), parts[0] != "ff", Self.isHex(parts[3], 2),
            parts[0] != "00" || parts.count == 4, let flags = UInt8(parts[3], radix: 16)
        else { return nil }
        self.init(traceID: parts[1], spanID: parts[2], isSampled: flags & 1 == 1)
    }

    /// The `traceparent` of a request that this span makes.
    public var traceParent: String { "00-\(traceID)-\(spanID)-\(flags)" }

    /// How an event keeps it; the trace's id stands first.
    public var stored: String { "\(traceID)-\(spanID)-\(flags)" }

    /// What an event has kept; `nil` where that is a trace's id alone, or nothing of the kind.
    public init?(stored text: String) { self.init(traceParent: "00-\(text)") }

    /// The trace's id in what an event has kept.
    public static func traceID(stored text: String) -> String { String(text.prefix(32)) }

    private var flags: String { isSampled ? "01" : "00" }

    private static func isID(_ text: some StringProtocol, _ count: Int) -> Bool {
        isHex(text, count) && text.utf8.contains { $0 != UInt8(ascii: "0") }
    }

    private static func isHex(_ text: some StringProtocol, _ count: Int) -> Bool {
        text.utf8.count == count
            && text.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }

    private static func hex(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
