import AuditTrail
import Synchronization

/// One reader of the live audit trail: what waits for it, up to a bound.
///
/// The feed never waits for a reader. One that falls behind by more than ``maximumWaiting`` is ended, and comes back
/// with the id of the last event it has seen.
public final class AuditSubscription: Sendable {
    /// The most events that wait for a reader.
    public static let maximumWaiting = 4_096

    /// What a reader is told next.
    public enum Message: Sendable {
        /// Events, in their order.
        case entries([AuditEntry])
        /// A second or so has passed.
        case tick
        /// The feed is ahead: read the trail further, then subscribe again.
        case behind
        /// Nothing more comes.
        case ended(End)
    }

    /// Why nothing more comes.
    public enum End: Sendable, Hashable {
        /// The reader left, or its task was cancelled.
        case left
        /// The reader was too slow.
        case slow
        /// The process is stopping.
        case stopping
    }

    private struct State {
        var entries: [AuditEntry] = []
        var isTicked = false
        var isBehind = false
        var end: End?
        var waiter: CheckedContinuation<Message, Never>?

        mutating func take() -> Message? {
            if !entries.isEmpty {
                defer { entries = [] }
                return .entries(entries)
            }
            if let end { return .ended(end) }
            if isBehind { return .behind }
            guard isTicked else { return nil }
            isTicked = false
            return .tick
        }
    }

    /// The issuer's row; 0 is the installation.
    let issuer: Int32
    /// The reader has everything before this.
    let covered: AuditPosition
    private let filter: AuditFilter
    private let state = Mutex(State())

    init(issuer: Int32, filter: AuditFilter, covered: AuditPosition) {
        self.issuer = issuer
        self.filter = filter
        self.covered = covered
    }

    /// Waits for what comes next; one caller at a time.
    public func next() async -> Message {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let message: Message? = state.withLock { state in
                    if let message = state.take() { return message }
                    state.waiter = continuation
                    return nil
                }
                if let message { continuation.resume(returning: message) }
            }
        } onCancel: {
            end(.left)
        }
    }

    /// Ends it for a reason, unless it has ended.
    public func end(_ reason: End) {
        change { state in
            guard state.end == nil else { return }
            state.end = reason
            state.entries = []
        }
    }

    var isOver: Bool { state.withLock { $0.end != nil || $0.isBehind } }

    func tick() { change { $0.isTicked = true } }

    func fallBehind() { change { $0.isBehind = true } }

    /// Hands over what the reader asked for and has not yet.
    func offer(_ entries: [AuditEntry]) {
        let wanted = entries.filter { entry in
            entry.issuerKey == issuer && entry.position > covered && filter.accepts(entry.record)
        }
        guard !wanted.isEmpty else { return }
        change { state in
            guard state.end == nil else { return }
            guard state.entries.count + wanted.count <= Self.maximumWaiting else {
                state.end = .slow
                state.entries = []
                return
            }
            state.entries += wanted
        }
    }

    private func change(_ body: (inout State) -> Void) {
        let (waiter, message) = state.withLock { state in
            body(&state)
            guard state.waiter != nil, let message = state.take() else {
                return (CheckedContinuation<Message, Never>?.none, Message?.none)
            }
            defer { state.waiter = nil }
            return (state.waiter, message)
        }
        if let waiter, let message { waiter.resume(returning: message) }
    }
}
