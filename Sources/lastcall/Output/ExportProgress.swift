import AuditTrail
import LogoutModel
import Outbox

/// How far an export is, on standard error and for people only: by the time of its events, since nobody counts them first.
struct ExportProgress {
    private let end: Timestamp
    private var begin: Timestamp?
    private var count = 0
    private var bar = ProgressBar()

    /// `end`: the time of the last event that is wanted; now unless given.
    init(until end: Timestamp?) {
        self.end = end.map { min($0, .now) } ?? .now
    }

    mutating func advance(over entries: [AuditEntry]) {
        count += entries.count
        guard let last = entries.last?.record.createdAt else { return }
        let first = begin ?? entries.first?.record.createdAt ?? last
        begin = first
        let whole = max(1, end.microseconds - first.microseconds)
        bar.show(Double(last.microseconds - first.microseconds) / Double(whole), "\(count) events")
    }

    /// Leaves the number of events behind.
    mutating func finish() {
        bar.show(1, "\(count) events")
        bar.finish()
    }
}
