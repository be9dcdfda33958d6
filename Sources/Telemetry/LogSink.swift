import Glibc

/// Where log lines go: a bounded buffer in memory, and one thread that writes it to a descriptor.
///
/// Logging never blocks: a line is put into the buffer or, when that is full, dropped and counted. The next line
/// that fits comes after one `log lines dropped` line, with the number since the last such line (`dropped`) and
/// since the start (`dropped_total`); a writer that runs dry says so without waiting for a line. Only the writer's
/// thread ever waits for the descriptor. Lines that the descriptor refuses (`EPIPE`, `ENOSPC`) count as dropped too.
/// `SIGPIPE` is blocked on that thread, so a reader that goes away never ends the process.
///
/// The sink writes to a duplicate of the descriptor, closed across `exec`: whatever else the program does with the
/// original, lines never land in a file or socket that got its number later. A released sink still writes what it
/// holds, as long as the process lives, and then closes the duplicate.
public final class LogSink: Sendable {
    /// Counts since the sink was made.
    public struct Statistics: Sendable, Hashable {
        /// Lines that the descriptor took whole, notices of drops included.
        public let writtenLines: Int
        /// Lines that did not fit or that the descriptor refused.
        public let droppedLines: Int
        /// Bytes that wait for the descriptor.
        public let heldBytes: Int
    }

    /// The time since 1970-01-01T00:00:00Z that lines carry.
    let now: @Sendable () -> Duration
    private let writer: LogWriter

    /// Makes a sink and starts its thread.
    ///
    /// - Parameters:
    ///   - descriptor: where lines go; standard error unless told.
    ///   - capacity: the most bytes held in memory; 4 MiB unless told. A line that is longer is always dropped.
    ///   - now: the time since 1970-01-01T00:00:00Z, for `time`; the system's clock unless told.
    /// - Throws: ``TelemetryError/descriptorUnusable(descriptor:code:)``, ``TelemetryError/noThread(code:)``.
    public init(
        descriptor: Int32 = 2,
        capacity: Int = 4 * 1024 * 1024,
        now: (@Sendable () -> Duration)? = nil
    ) throws(TelemetryError) {
        let now = now ?? UTCTime.now
        // Never 0, 1 or 2, even where the program has closed one of them.
        let own = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
        guard own >= 0 else { throw .descriptorUnusable(descriptor: descriptor, code: errno) }
        self.now = now
        writer = LogWriter(descriptor: own, capacity: capacity) { dropped, total in
            LogLine.notice(time: now(), dropped: dropped, total: total)
        }
        try writer.start()
    }

    deinit {
        writer.close()
    }

    /// Waits until everything logged before the call has left the process, the notice of drops included.
    ///
    /// Blocks the calling thread: it is meant for the end of the process.
    ///
    /// - Parameter limit: the longest wait, at most a day; zero asks without waiting.
    /// - Returns: whether nothing of it is held any more. Lines that the descriptor refused are not held; they are
    ///   in ``Statistics/droppedLines``.
    @discardableResult
    public func flush(within limit: Duration) -> Bool {
        writer.flush(within: limit)
    }

    /// What became of the lines so far.
    public var statistics: Statistics { writer.statistics }

    /// Takes one line, its newline included.
    func append(_ line: [UInt8]) {
        writer.append(line)
    }
}
