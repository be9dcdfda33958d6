import Foundation

/// How far something long is, on one line of standard error; nothing where that is no terminal.
struct ProgressBar {
    private static let width = 30

    private let label: String
    private let isShown = isatty(STDERR_FILENO) == 1
    private var hasLine = false

    /// A bar; `label` is what has been done to the things that are counted.
    init(_ label: String) {
        self.label = label
    }

    /// Shows how many are done, of how many.
    mutating func show(_ done: Int, of total: Int) {
        guard isShown else { return }
        hasLine = true
        write("\r\(Self.text(done, of: total)) \(label)")
    }

    /// Ends the line.
    mutating func finish() {
        if hasLine { write("\n") }
        hasLine = false
    }

    /// For example `[######......] 3 of 6`; more than the total shows as full.
    static func text(_ done: Int, of total: Int) -> String {
        let part = total > 0 ? min(1, max(0, Double(done) / Double(total))) : 1
        let full = Int(part * Double(width))
        let bar = String(repeating: "#", count: full) + String(repeating: ".", count: width - full)
        return "[\(bar)] \(done) of \(total)"
    }

    private func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}
