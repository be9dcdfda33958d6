/// Seconds as operators write them: digits, optionally a point and more digits.
enum DecimalSeconds {
    /// Reads `10`, `0.25`: at most nine digits on either side, no sign, no exponent. Exact: no floating point.
    static func parse(_ text: String) -> Duration? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, isDigits(whole), let seconds = Int64(whole) else { return nil }
        guard parts.count == 2 else { return .seconds(seconds) }
        guard isDigits(parts[1]), var fraction = Int64(parts[1]) else { return nil }
        for _ in parts[1].utf8.count..<18 { fraction *= 10 }
        return Duration(secondsComponent: seconds, attosecondsComponent: fraction)
    }

    private static func isDigits(_ text: Substring) -> Bool {
        (1...9).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}
