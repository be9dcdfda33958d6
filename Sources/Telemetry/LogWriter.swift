import Dispatch
import Glibc
import Synchronization
import Threads

/// The thread that writes log lines: it performs what ``LineBuffer`` decides.
///
/// The lock holds the buffer only while lines are moved, never while anything is written.
final class LogWriter: Sendable {
    /// Lines go to the descriptor in pieces of about this many bytes.
    private static let pieceBytes = 65_536

    private let descriptor: Int32
    private let notice: @Sendable (Int, Int) -> [UInt8]
    private let buffer: Mutex<LineBuffer>
    private let bell = DispatchSemaphore(value: 0)

    /// - Parameters:
    ///   - descriptor: belongs to the writer, which closes it at its end.
    ///   - capacity: the most bytes held.
    ///   - notice: renders the line that announces drops.
    init(descriptor: Int32, capacity: Int, notice: @escaping @Sendable (Int, Int) -> [UInt8]) {
        self.descriptor = descriptor
        self.notice = notice
        buffer = Mutex(LineBuffer(capacity: capacity))
    }

    deinit {
        Glibc.close(descriptor)
    }

    func start() throws(TelemetryError) {
        do {
            try DedicatedThread.start(named: "lc-log") { self.run() }
        } catch {
            throw .noThread(code: error.code)
        }
    }

    func append(_ line: [UInt8]) {
        if buffer.withLock({ $0.append(line, notice: notice) }) { bell.signal() }
    }

    func close() {
        if buffer.withLock({ $0.close() }) { bell.signal() }
    }

    /// - Returns: whether all that was accepted before the call is settled.
    func flush(within limit: Duration) -> Bool {
        let done = DispatchSemaphore(value: 0)
        guard let wake = buffer.withLock({ $0.await(done) }) else { return true }
        if wake { bell.signal() }
        let parts = min(max(limit, .zero), .seconds(86_400)).components
        let nanoseconds = Int(parts.seconds) * 1_000_000_000 + Int(parts.attoseconds / 1_000_000_000)
        if done.wait(timeout: .now() + .nanoseconds(nanoseconds)) == .success { return true }
        return !buffer.withLock { $0.forget(done) }
    }

    var statistics: LogSink.Statistics {
        buffer.withLock {
            LogSink.Statistics(writtenLines: $0.written, droppedLines: $0.dropped, heldBytes: $0.held)
        }
    }

    // MARK: The writer's thread

    private func run() {
        var torn = false
        while true {
            switch buffer.withLock({ $0.next(notice: notice) }) {
            case .wait: bell.wait()
            case .stop: return
            case .write(let lines): write(lines, torn: &torn)
            }
        }
    }

    private func write(_ lines: [[UInt8]], torn: inout Bool) {
        var piece: [UInt8] = []
        var count = 0
        for line in lines {
            if count > 0, piece.count + line.count > Self.pieceBytes {
                write(piece, lines: count, torn: &torn)
                piece.removeAll(keepingCapacity: true)
                count = 0
            }
            piece += line
            count += 1
        }
        write(piece, lines: count, torn: &torn)
    }

    /// Writes and settles some lines.
    ///
    /// - Parameters:
    ///   - piece: whole lines.
    ///   - lines: their number.
    ///   - torn: whether the descriptor took only a part of a line; that is ended before the next one.
    private func write(_ piece: [UInt8], lines: Int, torn: inout Bool) {
        if torn { torn = put([UInt8(ascii: "\n")]) == 0 }
        let sent = torn ? 0 : put(piece)
        let whole = sent == piece.count ? lines : piece[..<sent].count { $0 == UInt8(ascii: "\n") }
        if sent > 0 { torn = piece[sent - 1] != UInt8(ascii: "\n") }
        let waiting = buffer.withLock { $0.settle(lines: lines, bytes: piece.count, lost: lines - whole) }
        for done in waiting { done.signal() }
    }

    /// - Returns: how many bytes the descriptor took; fewer than all when it refuses for good (`EPIPE`, `ENOSPC`).
    private func put(_ bytes: [UInt8]) -> Int {
        var sent = 0
        while sent < bytes.count {
            let taken = unsafe bytes.withUnsafeBytes { all in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: all[sent...])
                return unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
            }
            switch (taken, errno) {
            case (0..., _): sent += taken
            case (_, EINTR): continue
            case (_, EAGAIN):
                // Somebody else may have made a shared terminal or pipe non-blocking.
                var writable = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                unsafe poll(&writable, 1, -1)
            default: return sent
            }
        }
        return sent
    }
}
