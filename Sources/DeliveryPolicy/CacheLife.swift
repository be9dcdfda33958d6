/// How long an answer may be used again, as its `Cache-Control` says.
///
/// Source: RFC 9111 §5.2.2. Only what matters to a cache of one user: `max-age`, and that nothing is to be kept.
public struct CacheLife: Sendable, Hashable {
    /// From the time the answer came; zero where it is not to be used again without asking.
    public let duration: Duration

    /// Longer than any cache keeps anything: `max-age` may have any number of digits.
    private static let longestSeconds: Int64 = 31_536_000

    /// Reads the header; `nil` where it says nothing of the kind. Of two `max-age` the shorter counts.
    ///
    /// - Parameter cacheControl: its value; directives that are not known are passed over.
    public init?(_ cacheControl: String) {
        var seconds: Int64?
        for directive in cacheControl.split(separator: ",") {
            let parts = directive.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = Self.trimmed(parts[0]).lowercased()
            switch name {
            case "no-store", "no-cache": seconds = 0
            case "max-age":
                guard parts.count == 2 else { continue }
                let digits = Self.trimmed(parts[1]).utf8.drop { $0 == UInt8(ascii: "\"") }
                    .prefix { (0x30...0x39).contains($0) }
                guard !digits.isEmpty else { continue }
                let value = digits.count > 9 ? Self.longestSeconds : Int64(Substring(digits)) ?? 0
                seconds = min(seconds ?? Self.longestSeconds, value)
            default: continue
            }
        }
        guard let seconds else { return nil }
        duration = .seconds(seconds)
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }
}
