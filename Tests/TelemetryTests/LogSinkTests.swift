import FoundationEssentials
import Glibc
import Logging
import Telemetry
import Testing

@Suite("Log sink", .timeLimit(.minutes(30)))
struct LogSinkTests {
    private let pipe: LogPipe

    init() throws {
        pipe = try LogPipe()
    }

    private func expected(_ message: String) -> String {
        start + #""level":"info","logger":"test","message":"\#(message)"}"#
    }

    private func notice(_ dropped: Int, total: Int) -> String {
        start + #""level":"warning","logger":"telemetry","message":"log lines dropped","#
            + #""dropped":"\#(dropped)","dropped_total":"\#(total)"}"#
    }

    @Test(
        "drops lines beyond its capacity while nobody reads, and says so once",
        arguments: [(0, 10), (-1, 9)]
    )
    func drops(spare: Int, kept: Int) throws {
        let size = expected("line 00").utf8.count + 1
        let filler = pipe.fill()
        let sink = try LogSink(descriptor: pipe.writer, capacity: 10 * size + spare, now: { instant })
        let logger = sink.logger()
        for number in 10..<25 { logger.info("line \(number)") }
        #expect(sink.statistics.droppedLines == 15 - kept)
        #expect(sink.statistics.heldBytes == kept * size)
        #expect(sink.statistics.writtenLines == 0)

        _ = pipe.bytes(filler)
        let lines = pipe.lines(kept + 1)
        #expect(
            lines == (10..<10 + kept).map { expected("line \($0)") } + [notice(15 - kept, total: 15 - kept)]
        )
        logger.info("line 25")
        #expect(pipe.lines(1) == [expected("line 25")])
        #expect(sink.flush(within: .seconds(60)))
        #expect(sink.statistics.writtenLines == kept + 2)
    }

    @Test("announces drops before the next line that fits, if both fit", arguments: [(0, true), (-1, false)])
    func announces(spare: Int, fits: Bool) throws {
        let long = String(repeating: "a", count: 1000)
        let capacity =
            3 * (expected(long).utf8.count + 1) + notice(2, total: 2).utf8.count
            + expected("short").utf8.count + 2
        let filler = pipe.fill()
        let sink = try LogSink(descriptor: pipe.writer, capacity: capacity + spare, now: { instant })
        let logger = sink.logger()
        for _ in 0..<5 { logger.info("\(long)") }
        logger.info("short")
        #expect(sink.statistics.heldBytes == (fits ? capacity : 3 * (expected(long).utf8.count + 1)))
        #expect(sink.statistics.droppedLines == (fits ? 2 : 3))

        _ = pipe.bytes(filler)
        let tail = fits ? [notice(2, total: 2), expected("short")] : [notice(3, total: 3)]
        #expect(pipe.lines(3 + tail.count) == Array(repeating: expected(long), count: 3) + tail)
    }

    @Test("announces a line that never fits without waiting for another, again and again")
    func tooLong() throws {
        let sink = try LogSink(descriptor: pipe.writer, capacity: 10, now: { instant })
        for total in 1...50 {
            sink.logger().info("x")
            #expect(pipe.lines(1) == [notice(1, total: total)])
        }
    }

    @Test("counts each drop once in the notices and all of them in the total")
    func totals() throws {
        let size = expected("x").utf8.count + 1
        let sink = try LogSink(descriptor: pipe.writer, capacity: 2 * size, now: { instant })
        let logger = sink.logger()
        for (dropped, total) in [(1, 1), (3, 4)] {
            let filler = pipe.fill()
            for _ in 0..<2 + dropped { logger.info("x") }
            _ = pipe.bytes(filler)
            #expect(pipe.lines(3) == [expected("x"), expected("x"), notice(dropped, total: total)])
            #expect(sink.flush(within: .seconds(60)))
        }
    }

    @Test("gives a flush up at its deadline, and ends it when all is written")
    func flush() async throws {
        let sink = try LogSink(descriptor: pipe.writer, now: { instant })
        #expect(sink.flush(within: .zero), "nothing was logged")
        let filler = pipe.fill()
        sink.logger().info("x")
        #expect(!sink.flush(within: .zero))
        #expect(!sink.flush(within: .milliseconds(1)))
        let waiting = Task.detached { sink.flush(within: .seconds(60)) }
        _ = pipe.bytes(filler)
        #expect(await waiting.value)
        #expect(sink.statistics.heldBytes == 0)
        #expect(pipe.lines(1) == [expected("x")])
    }

    @Test("flushes the notice of drops too")
    func flushesNotice() async throws {
        let filler = pipe.fill()
        let size = expected("x").utf8.count + 1
        let sink = try LogSink(descriptor: pipe.writer, capacity: size, now: { instant })
        for _ in 0..<3 { sink.logger().info("x") }
        let waiting = Task.detached {
            let flushed = sink.flush(within: .seconds(60))
            return (flushed, sink.statistics.writtenLines)
        }
        _ = pipe.bytes(filler)
        #expect(await waiting.value == (true, 2))
        #expect(pipe.lines(2) == [expected("x"), notice(2, total: 2)])
    }

    @Test("outlives a reader that has gone, whatever SIGPIPE does")
    func noReader() throws {
        let former = signal(SIGPIPE, SIG_DFL)
        defer { signal(SIGPIPE, former) }
        pipe.closeReader()
        let sink = try LogSink(descriptor: pipe.writer, now: { instant })
        sink.logger().info("x")
        #expect(sink.flush(within: .seconds(60)))
        #expect(sink.statistics.writtenLines == 0)
        #expect(sink.statistics.droppedLines > 0)
        #expect(sink.statistics.heldBytes == 0)
    }

    @Test("tries the notice of drops once for each flush on a descriptor that refuses everything")
    func refused() throws {
        let full = unsafe open("/dev/full", O_WRONLY)
        defer { close(full) }
        let sink = try LogSink(descriptor: full, now: { instant })
        sink.logger().info("x")
        #expect(sink.flush(within: .seconds(60)))
        for _ in 0..<3 {
            let lost = sink.statistics.droppedLines
            #expect(sink.flush(within: .seconds(60)))
            #expect(
                sink.statistics.droppedLines == lost + 1,
                "the notice was tried once, and not again and again"
            )
        }
        #expect(sink.statistics.writtenLines == 0)
    }

    @Test("waits for a descriptor that somebody made non-blocking")
    func nonBlocking() throws {
        let filler = pipe.fill()
        pipe.setNonBlocking(true)
        let sink = try LogSink(descriptor: pipe.writer, now: { instant })
        for number in 0..<100 { sink.logger().info("line \(number)") }
        #expect(!sink.flush(within: .zero))
        _ = pipe.bytes(filler)
        #expect(pipe.lines(100) == (0..<100).map { expected("line \($0)") })
        #expect(sink.statistics.droppedLines == 0)
    }

    @Test("ends a line that was taken in part before it writes the next one")
    func torn() throws {
        let path = FileManager.default.temporaryDirectory.path + "/lastcall-fifo-\(UUID().uuidString)"
        let made = unsafe mkfifo(path, 0o600)
        #expect(made == 0)
        defer { unsafe unlink(path) }
        let first = unsafe open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        let named = unsafe LogPipe(reader: -1, writer: open(path, O_WRONLY | O_CLOEXEC))
        _ = fcntl(named.writer, 1031, 4096)  // F_SETPIPE_SZ of fcntl(2), which Glibc does not import
        let sink = try LogSink(descriptor: named.writer, now: { instant })
        let long = String(repeating: "a", count: 4000)
        // Longer than the pipe: the writer has filled it and waits once it can be read, and then the reader goes.
        sink.logger().info("\(long)", metadata: ["more": "\(long)"])
        var readable = pollfd(fd: first, events: Int16(POLLIN), revents: 0)
        unsafe poll(&readable, 1, 20_000)
        close(first)
        #expect(sink.flush(within: .seconds(60)))

        let again = unsafe LogPipe(reader: open(path, O_RDONLY), writer: -1)
        sink.logger().info("whole")
        let lines = again.lines(3)
        #expect(lines.first?.utf8.count == 4096)
        #expect(lines.dropFirst().first?.contains("log lines dropped") == true)
        #expect(lines.last == expected("whole"))
    }

    @Test("writes what it holds after its release, then closes its own descriptor")
    func release() throws {
        let filler = pipe.fill()
        var sink: LogSink? = try LogSink(descriptor: pipe.writer, now: { instant })
        sink?.logger().info("last words")
        sink = nil
        pipe.closeWriter()
        #expect(pipe.rest().dropFirst(filler) == expected("last words") + "\n")
    }

    @Test("keeps lines whole and in each logger's order when many log at once")
    func concurrent() async throws {
        let sink = try LogSink(descriptor: pipe.writer, now: { instant })
        await withTaskGroup { group in
            for task in 0..<4 {
                group.addTask {
                    let logger = sink.logger("task \(task)")
                    for number in 0..<500 { logger.info("\(number)") }
                }
            }
        }
        var next: [JSON: Int] = [:]
        for line in pipe.lines(2000) {
            let line = try JSON(line)
            let logger = try #require(line["logger"])
            #expect(line["message"] == .string("\(next[logger, default: 0])"))
            next[logger, default: 0] += 1
        }
        #expect(next.values.allSatisfy { $0 == 500 })
    }

    @Test("refuses a descriptor that is not open")
    func badDescriptor() {
        #expect(throws: TelemetryError.descriptorUnusable(descriptor: -1, code: EBADF)) {
            try LogSink(descriptor: -1)
        }
    }
}
