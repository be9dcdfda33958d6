import Synchronization

/// A request that was taken on, and to whom its answer is owed.
struct Accepted: Sendable {
    let request: LogoutRequest
    /// Whether it is a GET, whose request has no body; see ``KeySetRequest/carrier``.
    let isFetch: Bool
    let acceptedAt: UInt64
    let deadline: UInt64
    let completion: @Sendable (Answer) -> Void

    init(
        _ request: LogoutRequest,
        isFetch: Bool = false,
        at now: UInt64,
        completion: @escaping @Sendable (Answer) -> Void
    ) {
        self.request = request
        self.isFetch = isFetch
        self.completion = completion
        acceptedAt = now
        deadline = now + request.timeout.boundedNanoseconds
    }
}

/// What other threads hand to the client's thread, and how they wake it.
final class Mailbox: Sendable {
    /// The life of the client's thread.
    enum Phase: Sendable, Hashable {
        /// Not started; requests are kept.
        case idle
        case running
        /// No new requests; those in flight may go on until this time.
        case draining(until: UInt64)
        case ended
    }

    /// What was handed over since the last time.
    struct Contents: Sendable {
        var requests: [Accepted] = []
        var lookups: [(host: String, answer: HostLookup.Answer)] = []
        var isEmpty: Bool { requests.isEmpty && lookups.isEmpty }
    }

    private struct State {
        var contents = Contents()
        var phase = Phase.idle
        var isStarted = false
        /// Whether the thread waits, or is about to, and nobody has woken it yet.
        var asleep = false

        /// Whether the caller has to wake the thread.
        mutating func wake() -> Bool {
            defer { asleep = false }
            return asleep
        }
    }

    private let state = Mutex(State())
    let multi: Multi

    init(multi: Multi) {
        self.multi = multi
    }

    /// Takes requests on; false where the client has been shut down, and they are still the caller's.
    func post(_ requests: [Accepted]) -> Bool {
        let (taken, wake) = state.withLock { state in
            guard state.phase == .idle || state.phase == .running else { return (false, false) }
            state.contents.requests += requests
            return (true, state.wake())
        }
        if wake { multi.wakeUp() }
        return taken
    }

    /// Hands over what a lookup found.
    func deliver(_ host: String, _ answer: HostLookup.Answer) {
        let wake = state.withLock { state in
            guard state.phase != .ended else { return false }
            state.contents.lookups.append((host, answer))
            return state.wake()
        }
        if wake { multi.wakeUp() }
    }

    /// The thread is about to start; false where it was started before.
    func begin() -> Bool {
        state.withLock { state in
            guard !state.isStarted else { return false }
            state.isStarted = true
            if state.phase == .idle { state.phase = .running }
            return true
        }
    }

    /// Refuses new requests from now on; an earlier end counts.
    func drain(until end: UInt64) {
        let wake = state.withLock { state in
            switch state.phase {
            case .idle, .running: state.phase = .draining(until: end)
            case .draining(let earlier): state.phase = .draining(until: min(earlier, end))
            case .ended: return false
            }
            return state.wake()
        }
        if wake { multi.wakeUp() }
    }

    /// Swaps what was handed over for an emptied holder, whose memory is then used in turn.
    func take(_ contents: inout Contents) -> Phase {
        contents.requests.removeAll(keepingCapacity: true)
        contents.lookups.removeAll(keepingCapacity: true)
        return state.withLock { state in
            state.asleep = false
            swap(&state.contents, &contents)
            return state.phase
        }
    }

    /// Whether the thread may wait: nothing has been handed over, and from now on others wake it.
    func fallAsleep(in phase: Phase) -> Bool {
        state.withLock { state in
            guard state.contents.isEmpty, state.phase == phase else { return false }
            state.asleep = true
            return true
        }
    }

    /// Nothing is taken on any more; returns the requests that nobody will look at.
    func end() -> [Accepted] {
        state.withLock { state in
            state.phase = .ended
            defer { state.contents = Contents() }
            return state.contents.requests
        }
    }
}
