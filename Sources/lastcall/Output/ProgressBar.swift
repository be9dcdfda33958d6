import Foundation

/// How far something long is, on one line of standard error; nothing where that is no terminal.
struct ProgressBar {
    private static let width = 30
    /// How long a line stands before it is drawn anew.
    private static let interval = Duration.milliseconds(100)

    private let isShown = isatty(STDERR_FILENO) == 1
    private var next = ContinuousClock.now
    private var hasLine = false

    /// Draws the line anew: the part that is done, where the whole is known, and what has been done.
    mutating func show(_ part: Double?, _ text: String) {
        guard isShown, part.map({ $0 >= 1 }) == true || ContinuousClock.now >= next else { return }
        next = .now + Self.interval
        hasLine = true
        write("\r\(Self.line(part, text))\u{1B}[K")
    }

    /// Draws how many are done, of how many.
    mutating func show(_ done: Int, of total: Int, _ label: String) {
        show(total > 0 ? Double(done) / Double(total) : 1, "\(done) of \(total) \(label)")
    }

    /// Ends the line.
    mutating func finish() {
        if hasLine { write("\n") }
        hasLine = false
    }

    /// For example `[######......]  50 %  3 of 6 redelivered`; more than the whole shows as full.
    static func line(_ part: Double?, _ text: String) -> String {
        guard let part = part.map({ min(1, max(0, $0)) }) else { return text }
        let full = Int(part * Double(width))
        let bar = String(repeating: "#", count: full) + String(repeating: ".", count: width - full)
        return "[\(bar)] \(Int(part * 100)) %  \(text)"
    }

    private func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}
