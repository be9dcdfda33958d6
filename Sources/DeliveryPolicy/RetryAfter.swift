/// Reads an RP's `Retry-After`: seconds, or a date in one of the three forms of HTTP.
///
/// Source: RFC 9110 §10.2.3 and §5.6.7.
public enum RetryAfter {
    /// The longest wait that is told apart, in seconds: ten years.
    private static let longest: Int64 = 315_360_000

    /// The wait that a field value asks for.
    ///
    /// - Parameters:
    ///   - value: the field's value.
    ///   - secondsSince1970: the present time, in UTC.
    /// - Returns: the wait, zero where the date has passed and at most ten years; `nil` where the value is
    ///   none of the forms.
    public static func parse(_ value: String, secondsSince1970: Int64) -> Duration? {
        let bytes = Array(value.utf8)
        let isBlank: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        guard let first = bytes.firstIndex(where: { !isBlank($0) }),
            let last = bytes.lastIndex(where: { !isBlank($0) })
        else { return nil }
        let trimmed = bytes[first...last]
        if trimmed.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains) {
            // Only a number that is too large for Int64 is no Int64.
            return .seconds(min(Int64(String(decoding: trimmed, as: UTF8.self)) ?? longest, longest))
        }
        guard let date = HTTPDate.secondsSince1970(trimmed, now: secondsSince1970) else { return nil }
        let (wait, overflowed) = date.subtractingReportingOverflow(secondsSince1970)
        return overflowed ? nil : .seconds(min(max(0, wait), longest))
    }
}
