import NIOCore

/// What one connection is waited for, and until when.
///
/// A pure value: the time is passed in, and whoever holds it keeps one timer for ``due``. While a request is answered
/// nothing is waited for, so a call that takes its time is never cut. The usual request, whose bytes come in one piece,
/// costs one reading of the clock: when its answer has ended.
struct ConnectionDeadlines {
    /// What the caller is late with.
    enum Lateness: Hashable {
        /// Nothing was sent: the connection is closed without a word.
        case silence
        /// The head is not complete.
        case head
        /// The body is not complete.
        case body
        /// The answer is not read.
        case reading
        /// The connection has had its last answer.
        case end
    }

    private let limits: ListenerLimits
    private var silence: NIODeadline?
    private var head: NIODeadline?
    private var reading: NIODeadline?
    private var end: NIODeadline?

    private var bodyBegan: NIODeadline?
    private var bodyBytes = 0
    /// Since when the body is not read, because the receiver is busy with what it has.
    private var bodyPaused: NIODeadline?

    /// A connection that is open from now on.
    init(_ limits: ListenerLimits, now: NIODeadline) {
        self.limits = limits
        silence = now + TimeAmount(limits.headerDeadline)
    }

    /// Until when something is waited for; `nil`: for nothing.
    var due: NIODeadline? {
        earlier(earlier(earlier(silence, head), earlier(body, reading)), end)
    }

    /// What has not come in time.
    func lateness(at now: NIODeadline) -> Lateness? {
        if let end, end <= now { return .end }
        if let reading, reading <= now { return .reading }
        if let body, body <= now { return .body }
        if let head, head <= now { return .head }
        if let silence, silence <= now { return .silence }
        return nil
    }

    private var body: NIODeadline? {
        guard let bodyBegan, bodyPaused == nil else { return nil }
        let earned = TimeAmount.nanoseconds(Int64(bodyBytes) * 1_000_000_000 / Int64(limits.bodyFloor))
        return bodyBegan + TimeAmount(limits.bodyDeadline) + earned
    }

    /// All that was sent so far is answered: the next request may take its time to begin.
    mutating func isIdle(at now: NIODeadline) {
        silence = now + TimeAmount(limits.idleDeadline)
    }

    /// The head of a request has begun, and everything before it is answered.
    mutating func headBegins(at now: NIODeadline) {
        silence = nil
        if head == nil { head = now + TimeAmount(limits.headerDeadline) }
    }

    /// The head is complete.
    mutating func headEnds() {
        (silence, head) = (nil, nil)
    }

    /// More of the body has come.
    mutating func bodyComes(_ count: Int) {
        bodyBytes += count
    }

    /// What has come was handed on, and the body is not complete. Until ``bodyIsRead(at:)`` the receiver is busy.
    mutating func bodyIsHandedOn(at now: NIODeadline) {
        if bodyBegan == nil { bodyBegan = now }
        if bodyPaused == nil { bodyPaused = now }
    }

    /// The receiver wants more of the body.
    mutating func bodyIsRead(at now: NIODeadline) {
        guard let paused = bodyPaused, let began = bodyBegan else { return }
        bodyBegan = began + (now - paused)
        bodyPaused = nil
    }

    /// Whether somebody must be told that the body is read again.
    var isBodyPaused: Bool { bodyPaused != nil }

    /// The body is complete, or nobody waits for it any more.
    mutating func bodyEnds() {
        guard bodyBegan != nil || bodyBytes > 0 else { return }
        (bodyBegan, bodyPaused, bodyBytes) = (nil, nil, 0)
    }

    /// The caller reads more slowly than it is written to, or as fast again.
    mutating func reads(isBehind: Bool, at now: NIODeadline) {
        reading = isBehind ? reading ?? now + TimeAmount(limits.writeDeadline) : nil
    }

    /// The last answer is on its way; the caller may take as long to read it as any other.
    mutating func lastAnswer(at now: NIODeadline) {
        headEnds()
        bodyEnds()
        end = now + TimeAmount(limits.writeDeadline)
    }

    /// All of it was handed to the network: the connection lingers, so that the answer is read before the end is seen.
    mutating func lastAnswerLeft(at now: NIODeadline) {
        reading = nil
        end = now + .seconds(ListenerLimits.lingerSeconds)
    }
}

private func earlier(_ left: NIODeadline?, _ right: NIODeadline?) -> NIODeadline? {
    guard let left, let right else { return left ?? right }
    return min(left, right)
}
