public import Logging

/// Writes each log event as one JSON object on one line, through a ``LogSink``.
///
/// Members in order: `time` (RFC 3339, UTC, microseconds), `level`, `logger`, `message`, at debug and trace
/// `source`, then the metadata sorted by name. All values are strings, or arrays and objects of strings. A member
/// of the metadata that is named like one of ours gets a `_` in front. A string is cut at 4 KiB as written, with a
/// mark; a line has at most 64 KiB, and names the number of members it had to leave out as `omitted_members`.
///
/// Later sources of metadata win: the logger's own, the provider's, the event's, its error (`error.message`,
/// `error.type`).
///
/// A handler is a cheap value and logging through it never blocks: see ``LogSink``.
public struct JSONLinesLogHandler: LogHandler {
    /// What every line of this logger carries.
    public var metadata: Logger.Metadata = [:]
    /// Where further metadata comes from, such as the trace of the current task.
    public var metadataProvider: Logger.MetadataProvider?
    /// The lowest level that is written.
    public var logLevel: Logger.Level

    private let label: String
    private let sink: LogSink

    /// Makes the handler of one logger.
    ///
    /// - Parameters:
    ///   - label: the logger's name.
    ///   - sink: where lines go, shared by all handlers.
    ///   - level: the lowest level that is written.
    ///   - metadataProvider: where further metadata comes from.
    public init(
        label: String,
        sink: LogSink,
        level: Logger.Level = .info,
        metadataProvider: Logger.MetadataProvider? = nil
    ) {
        self.label = label
        self.sink = sink
        logLevel = level
        self.metadataProvider = metadataProvider
    }

    /// One member of ``metadata``.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes one event, or has it counted as dropped.
    public func log(event: LogEvent) {
        var line = LogLine(
            time: sink.now(),
            level: event.level,
            logger: label,
            message: event.message.description
        )
        if event.level <= .debug { line.add("source", event.source) }
        line.add(merged(with: event))
        sink.append(line.finish())
    }

    private func merged(with event: LogEvent) -> Logger.Metadata {
        var merged = metadata
        if let provided = metadataProvider?.get() { merged.merge(provided) { $1 } }
        if let given = event.metadata { merged.merge(given) { $1 } }
        if let error = event.error {
            merged["error.message"] = .string(String(describing: error))
            merged["error.type"] = .string(String(reflecting: type(of: error)))
        }
        return merged
    }
}
