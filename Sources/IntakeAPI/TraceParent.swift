/// The `traceparent` header of W3C Trace Context.
package enum TraceParent {
    /// The trace id of a request; `nil` where the header is absent, malformed or there twice. A logout is never refused
    /// for it.
    package static func traceID(_ headers: [String]) -> String? {
        headers.count == 1 ? traceID(headers[0]) : nil
    }

    /// The trace id in a header, 32 lower-case hexadecimal digits; `nil` for a malformed one, which is ignored
    /// (section 3.2.2.3 says to begin a new trace then).
    private static func traceID(_ header: String) -> String? {
        let parts = header.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 4, isHex(parts[0], 2), parts[0] != "ff", isHex(parts[1], 32),
            isHex(parts[2], 16),
            isHex(parts[3], 2), parts[0] != "00" || parts.count == 4
        else { return nil }
        guard parts[1].contains(where: { $0 != "0" }), parts[2].contains(where: { $0 != "0" }) else {
            return nil
        }
        return String(parts[1])
    }

    private static func isHex(_ text: Substring, _ count: Int) -> Bool {
        text.utf8.count == count
            && text.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }
}
