import Dispatch

/// The lines between loggers and the writer: what is accepted, what is dropped, when it is announced, who waits.
///
/// A pure state machine; ``LogWriter`` performs what it returns. A line is *accepted* into the buffer or dropped,
/// and an accepted one is *settled* when it has been written or the descriptor has refused it.
struct LineBuffer {
    /// What the writer does next.
    enum Step {
        /// Write these lines and settle them.
        case write([[UInt8]])
        /// Wait until woken.
        case wait
        /// End: the buffer is closed and empty.
        case stop
    }

    /// Renders the line that announces drops: those since the last such line, and those since the start.
    typealias Notice = (_ dropped: Int, _ total: Int) -> [UInt8]

    private let capacity: Int
    private var pending: [[UInt8]] = []
    private var waiters: [(settled: Int, done: DispatchSemaphore)] = []
    private var writerWaits = false
    private var closed = false

    /// Bytes accepted and not settled.
    private(set) var held = 0
    private(set) var written = 0
    private(set) var dropped = 0
    private var accepted = 0
    private var settled = 0
    private var unannounced = 0

    /// Whether an idle writer may announce drops: not after a failed write, or it would try for ever; once more
    /// where somebody waits for it.
    private var mayAnnounce = true

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Accepts a line if it fits, together with the notice that is due.
    ///
    /// - Returns: whether the writer has to be woken.
    mutating func append(_ line: [UInt8], notice: Notice) -> Bool {
        guard !closed, held + line.count <= capacity else { return drop() }
        if unannounced > 0 {
            let announcement = notice(unannounced, dropped)
            guard held + announcement.count + line.count <= capacity else { return drop() }
            announce(announcement)
        }
        accept(line)
        return wake()
    }

    /// Gives the writer its next step. It has settled all it was given before.
    mutating func next(notice: Notice) -> Step {
        // A process that falls silent after a burst still says what was lost.
        if pending.isEmpty, unannounced > 0, mayAnnounce { announce(notice(unannounced, dropped)) }
        guard pending.isEmpty else {
            defer { pending = [] }
            return .write(pending)
        }
        guard !closed else { return .stop }
        writerWaits = true
        return .wait
    }

    /// Records what became of lines that the writer was given.
    ///
    /// - Returns: those who waited for it.
    mutating func settle(lines: Int, bytes: Int, lost: Int) -> [DispatchSemaphore] {
        held -= bytes
        settled += lines
        written += lines - lost
        dropped += lost
        unannounced += lost
        let ready = waiters.filter { $0.settled <= settled }
        waiters.removeAll { $0.settled <= settled }
        mayAnnounce = lost == 0 || !waiters.isEmpty
        return ready.map(\.done)
    }

    /// Waits for all lines accepted so far, and for the notice of drops that is due.
    ///
    /// - Returns: `nil` if there is nothing to wait for; otherwise whether the writer has to be woken.
    mutating func await(_ done: DispatchSemaphore) -> Bool? {
        let target = accepted + (unannounced > 0 ? 1 : 0)
        guard target > settled else { return nil }
        mayAnnounce = true
        waiters.append((target, done))
        return wake()
    }

    /// - Returns: whether `done` was still waiting.
    mutating func forget(_ done: DispatchSemaphore) -> Bool {
        guard let index = waiters.firstIndex(where: { $0.done === done }) else { return false }
        waiters.remove(at: index)
        return true
    }

    /// - Returns: whether the writer has to be woken.
    mutating func close() -> Bool {
        closed = true
        return wake()
    }

    private mutating func accept(_ line: [UInt8]) {
        pending.append(line)
        held += line.count
        accepted += 1
    }

    private mutating func announce(_ announcement: [UInt8]) {
        accept(announcement)
        unannounced = 0
    }

    /// A writer that waits must announce it: a line longer than the whole buffer is dropped while nothing is held.
    private mutating func drop() -> Bool {
        dropped += 1
        unannounced += 1
        return wake()
    }

    private mutating func wake() -> Bool {
        defer { writerWaits = false }
        return writerWaits
    }
}
