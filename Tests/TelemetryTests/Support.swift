import FoundationEssentials
import Glibc
import Logging
import Telemetry
import Testing

/// A pipe whose reader reads when the test says so.
final class LogPipe {
    private(set) var reader: Int32 = -1
    private(set) var writer: Int32 = -1
    private var unread: [UInt8] = []
    private var silent = false

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else {
            throw TelemetryError.descriptorUnusable(descriptor: -1, code: errno)
        }
        // A child that another test starts would keep it open.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (reader, writer) = (ends[0], ends[1])
    }

    /// The ends of a named pipe, so that the reader can leave and come back.
    init(reader: Int32, writer: Int32) {
        (self.reader, self.writer) = (reader, writer)
    }

    deinit {
        closeReader()
        closeWriter()
    }

    func closeReader() {
        if reader >= 0 { close(reader) }
        reader = -1
    }

    func closeWriter() {
        if writer >= 0 { close(writer) }
        writer = -1
    }

    /// Puts bytes into the pipe until it takes no more.
    ///
    /// - Returns: their number.
    func fill() -> Int {
        setNonBlocking(true)
        defer { setNonBlocking(false) }
        let page = [UInt8](repeating: UInt8(ascii: "#"), count: 4096)
        var filled = 0
        while true {
            let taken = unsafe page.withUnsafeBytes { unsafe write(writer, $0.baseAddress, $0.count) }
            guard taken > 0 else { return filled }
            filled += taken
        }
    }

    func setNonBlocking(_ nonBlocking: Bool) {
        let flags = fcntl(writer, F_GETFL)
        _ = fcntl(writer, F_SETFL, nonBlocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK)
    }

    /// Reads so many bytes.
    func bytes(_ count: Int) -> [UInt8] {
        while unread.count < count, receive() {}
        defer { unread.removeFirst(min(count, unread.count)) }
        return Array(unread.prefix(count))
    }

    /// Reads so many lines, without their newlines.
    func lines(_ count: Int) -> [String] {
        (0..<count).map { _ in
            while !unread.contains(UInt8(ascii: "\n")), receive() {}
            let line = unread.prefix { $0 != UInt8(ascii: "\n") }
            unread.removeFirst(min(unread.count, line.count + 1))
            return String(decoding: line, as: UTF8.self)
        }
    }

    /// Reads until nobody can write any more.
    func rest() -> String {
        while receive() {}
        defer { unread = [] }
        return String(decoding: unread, as: UTF8.self)
    }

    /// Waits for more; gives up for good after 20 s, so that a broken sink fails a test rather than hold it.
    private func receive() -> Bool {
        var readable = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
        guard !silent, unsafe poll(&readable, 1, 20_000) > 0 else {
            silent = true
            return false
        }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(reader, $0.baseAddress, $0.count) }
        unread += buffer.prefix(max(0, count))
        return count > 0
    }
}

/// 2026-11-21T03:24:59.000001Z
let instant: Duration = .seconds(1_795_231_499) + .microseconds(1)

/// What every line at ``instant`` starts with.
let start = #"{"time":"2026-11-21T03:24:59.000001Z","#

extension LogSink {
    /// A logger on this sink.
    func logger(_ label: String = "test", level: Logger.Level = .info) -> Logger {
        Logger(label: label) { JSONLinesLogHandler(label: $0, sink: self, level: level) }
    }
}

/// The line that a logger writes.
func line(
    at time: Duration = instant,
    level: Logger.Level = .info,
    provider: Logger.MetadataProvider? = nil,
    _ log: (Logger) -> Void
) throws -> String {
    let pipe = try LogPipe()
    let sink = try LogSink(descriptor: pipe.writer, now: { time })
    let logger = Logger(label: "test") {
        JSONLinesLogHandler(label: $0, sink: sink, level: level, metadataProvider: provider)
    }
    log(logger)
    return try #require(pipe.lines(1).first)
}

/// The page of a registry as text.
func text(_ registry: PrometheusRegistry) -> String {
    String(decoding: registry.render(), as: UTF8.self)
}

/// The lines of a page without comments.
func samples(_ registry: PrometheusRegistry) -> [String] {
    text(registry).split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init)
}

/// Any JSON, to see that a line is one.
indirect enum JSON: Decodable, Hashable {
    case string(String)
    case array([JSON])
    case object([String: JSON])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self = .string(text)
        } else if let items = try? container.decode([JSON].self) {
            self = .array(items)
        } else {
            self = .object(try container.decode([String: JSON].self))
        }
    }

    init(_ line: String) throws {
        self = try JSONDecoder().decode(JSON.self, from: Data(line.utf8))
    }

    subscript(name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members[name]
    }
}
