import Foundation

/// Where results go: a terminal gets what fits it, in colour; everything else gets all of it, and nothing but it.
struct Screen: Sendable {
    /// How many characters a line has; `nil`: no terminal.
    let columns: Int?
    let hasColors: Bool

    /// Standard output.
    static let output = Screen(STDOUT_FILENO, ProcessInfo.processInfo.environment)

    init(columns: Int?, hasColors: Bool) {
        self.columns = columns
        self.hasColors = hasColors
    }

    private init(_ descriptor: Int32, _ environment: [String: String]) {
        guard isatty(descriptor) == 1 else {
            self.init(columns: nil, hasColors: false)
            return
        }
        var size = winsize()
        let isKnown = unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        // no-color.org
        let isPlain = environment["NO_COLOR"]?.isEmpty == false || environment["TERM"] == "dumb"
        self.init(columns: isKnown ? Int(size.ws_col) : 80, hasColors: !isPlain)
    }

    /// A time without what only programs need.
    static func shortened(_ text: String) -> String {
        guard text.utf8.count > 20, text.hasSuffix("Z"), let point = text.firstIndex(of: "."),
            text[..<point].utf8.count == 19, text.dropFirst(10).first == "T",
            text[text.index(after: point)...].dropLast().allSatisfy(\.isNumber)
        else { return text }
        return String(text[..<point]) + "Z"
    }

    /// A word of a column in the colour of what it means.
    func colored(_ text: String, of column: String) -> String {
        guard hasColors, Self.columns.contains(column), let color = Self.colors[text] else { return text }
        return "\u{1B}[\(color)m\(text)\u{1B}[0m"
    }

    private static let columns: Set = ["status", "severity", "breaker", "stage", "outcome", "state", "held"]
    private static let colors = Dictionary(
        uniqueKeysWithValues: good.map { ($0, 32) } + waiting.map { ($0, 33) } + bad.map { ($0, 31) }
    )
    private static let good = [
        "delivered", "completed", "ok", "active", "closed", "done", "confirmed_out", "running",
    ]
    private static let waiting = [
        "retrying", "pending", "in_progress", "delivering", "notice", "warning", "half_open", "partial",
        "next", "yes", "logged_in",
    ]
    private static let bad = [
        "failed", "expired", "error", "open", "rejected", "timeout", "unreachable", "blocked_address",
        "tls_failure",
        "dns_failure", "server_error", "redirect_refused",
    ]
}
