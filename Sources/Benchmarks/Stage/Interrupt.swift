internal import Synchronization

/// Ctrl-C and SIGTERM: ends what a scenario waits for, so that its stage is taken down on the way out.
public enum Interrupt {
    private struct State {
        var isRaised = false
        var nextID = 0
        var handlers: [Int: @Sendable () -> Void] = [:]
    }

    private static let state = Mutex(State())

    /// Stops everything that is on a stage now, and whatever is put there later; may be called more than once.
    public static func raise() {
        let handlers = state.withLock { state in
            state.isRaised = true
            return state.handlers.values.map { $0 }
        }
        for handler in handlers { handler() }
    }

    /// Whether a signal came.
    public static var isRaised: Bool { state.withLock { $0.isRaised } }

    /// Throws where a signal came.
    static func check() throws(BenchmarkError) {
        if isRaised { throw .interrupted }
    }

    /// Calls `handler` when a signal comes, from another thread, until the answer is called.
    static func onRaise(_ handler: @escaping @Sendable () -> Void) throws(BenchmarkError)
        -> @Sendable () -> Void
    {
        let id = state.withLock { state -> Int? in
            guard !state.isRaised else { return nil }
            state.nextID += 1
            state.handlers[state.nextID] = handler
            return state.nextID
        }
        guard let id else { throw .interrupted }
        return { state.withLock { $0.handlers[id] = nil } }
    }
}
