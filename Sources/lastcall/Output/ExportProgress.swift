import AuditTrail
import Foundation
import LogoutModel
import Outbox

/// How far an export is, on standard error and for people only: by the time of its events, since nobody counts them first.
struct ExportProgress {
    private static let width = 30
    private let isShown = isatty(2) == 1
    private let end: Timestamp
    private var begin: Timestamp?
    private var count = 0
    private var shown = ContinuousClock.now - .seconds(1)

    /// `end`: the time of the last event that is wanted; now unless given.
    init(until end: Timestamp?) {
        let now = Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
        self.end = end.map { min($0, now) } ?? now
    }

    mutating func advance(over entries: [AuditEntry]) {
        count += entries.count
        guard let last = entries.last?.record.createdAt else { return }
        let first = begin ?? entries.first?.record.createdAt ?? last
        begin = first
        guard isShown, ContinuousClock.now - shown >= .milliseconds(100) else { return }
        shown = .now
        let whole = max(1, end.microseconds - first.microseconds)
        draw(Double(last.microseconds - first.microseconds) / Double(whole))
    }

    /// Leaves the number of events behind.
    func finish() {
        guard isShown else { return }
        draw(1)
        FileHandle.standardError.write(Data("\n".utf8))
    }

    private func draw(_ share: Double) {
        let share = min(1, max(0, share))
        let full = Int(share * Double(Self.width))
        let bar = String(repeating: "#", count: full) + String(repeating: ".", count: Self.width - full)
        let line = "\r[\(bar)] \(Int(share * 100)) %  \(count) events"
        FileHandle.standardError.write(Data(line.utf8))
    }
}
