import Logging
import Synchronization

/// Keeps every log line, whole, for a test to look through.
final class LogCapture: Sendable {
    private let kept = Mutex<[String]>([])

    /// Everything that was logged.
    var lines: [String] { kept.withLock { $0 } }

    /// What a `Logger` is made with.
    @Sendable func handler(_ label: String) -> any LogHandler { Handler(capture: self) }

    private struct Handler: LogHandler {
        let capture: LogCapture
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let line = "\(event.message) \(metadata.merging(event.metadata ?? [:]) { $1 })"
            capture.kept.withLock { $0.append(line) }
        }
    }
}
