import Synchronization

/// How many calls one process works on at once; more are answered 503 before anything is done for them.
///
/// Calls that wait for the end of an event, and streams that are open, are not counted: they hold memory alone, and have
/// limits of their own.
public final class CallsInProgress: Sendable {
    private let limit: Int
    private let begun = Atomic(0)
    private let refused = Atomic(0)

    init(limit: Int) {
        self.limit = limit
    }

    /// The calls that are worked on now.
    public var count: Int { begun.load(ordering: .relaxed) }

    /// The calls that were refused since the start.
    public var refusedCount: Int { refused.load(ordering: .relaxed) }

    /// Counts a call; false where there are too many.
    public func begin() -> Bool {
        if begun.add(1, ordering: .relaxed).newValue <= limit { return true }
        begun.subtract(1, ordering: .relaxed)
        refused.add(1, ordering: .relaxed)
        return false
    }

    /// Counts a call again that has waited; there may be one too many for as long as it takes to answer it.
    func resume() { begun.add(1, ordering: .relaxed) }

    /// The call is answered, or waits.
    public func end() { begun.subtract(1, ordering: .relaxed) }
}
