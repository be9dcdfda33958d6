import Logging
import Synchronization

/// Keeps every log line, for a test to look through.
final class LogCapture: Sendable {
    private let kept = Mutex<[(message: String, metadata: Logger.Metadata)]>([])
    private let level: Logger.Level

    init(_ level: Logger.Level) { self.level = level }

    var logger: Logger { Logger(label: "test") { _ in Handler(capture: self, logLevel: self.level) } }

    /// The metadata of every line with this message.
    func lines(_ message: String) -> [[String: String]] {
        kept.withLock { kept in
            kept.filter { $0.message == message }.map { $0.metadata.mapValues { "\($0)" } }
        }
    }

    /// Everything that was logged.
    var text: String {
        kept.withLock { kept in kept.map { "\($0.message) \($0.metadata)" }.joined(separator: "\n") }
    }

    private struct Handler: LogHandler {
        let capture: LogCapture
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let line = ("\(event.message)", metadata.merging(event.metadata ?? [:]) { $1 })
            capture.kept.withLock { $0.append(line) }
        }
    }
}
