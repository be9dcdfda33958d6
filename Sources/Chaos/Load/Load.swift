internal import Benchmarks
internal import Glibc
internal import StrictJSON
internal import Synchronization
internal import Threads

/// Logouts at a steady rate, whatever becomes of them: calls wait for nobody. One whose outcome is unknown (no answer, or a
/// 5xx) is sent again with the same key until it is answered; every twentieth of the answered ones is sent once more.
package final class Load: Sendable {
    private struct Turn {
        let number: Int
        let at: UInt64
    }

    private struct State {
        var calls: [LogoutCall] = []
        /// In order of their time.
        var ready: [Turn] = []
        var rate: Int
        var isOpen = false
        var isEnded = false
        var threads = 0
    }

    private let state: Mutex<State>
    private let parties: Int
    private let random: SeededRandom
    private let headers: [String]
    private let ports: @Sendable () -> [UInt16]
    /// As many as wait at once where half of 100 a second are not answered for as long as a call may take, and some.
    private static let callers = 384
    private static let timeout: Duration = .seconds(5)
    static let path = "/v1/issuers/\(World.issuer)/logout-events"

    /// Describes a load; sends nothing.
    ///
    /// - Parameters:
    ///   - setup: the rate and the number of relying parties.
    ///   - key: the operator's.
    ///   - random: chooses targets.
    ///   - ports: of the API processes that are there now.
    package init(
        _ setup: WorldSetup,
        key: String,
        random: SeededRandom,
        ports: @escaping @Sendable () -> [UInt16]
    ) {
        state = Mutex(State(rate: setup.ratePerSecond))
        parties = setup.parties - setup.spares.count
        self.random = random
        headers = ["Authorization: Bearer \(key)"]
        self.ports = ports
    }

    /// Every call up to now.
    package var calls: [LogoutCall] { state.withLock { $0.calls } }

    /// Calls that nobody has answered yet.
    package var openCount: Int { state.withLock { $0.calls.count { $0.outcome == .open } } }

    /// Changes how many logouts there are a second.
    package func setRate(_ perSecond: Int) { state.withLock { $0.rate = perSecond } }

    /// Starts to send.
    ///
    /// - Throws: where the machine has no threads.
    package func start() throws {
        let isFirst = state.withLock { state in
            defer { state.isOpen = true }
            return state.threads == 0
        }
        guard isFirst else { return }
        for number in 0...Self.callers {
            state.withLock { $0.threads += 1 }
            try DedicatedThread.start(named: number == 0 ? "load" : "load-\(number)", stackBytes: 512 << 10) {
                number == 0 ? self.generate() : self.send()
                self.state.withLock { $0.threads -= 1 }
            }
        }
    }

    /// Sends no new calls, and goes on with those that are not answered, until they are.
    ///
    /// - Parameter patience: how long to wait for that.
    package func stop(within patience: Duration = .seconds(90)) async {
        state.withLock { $0.isOpen = false }
        let deadline = ContinuousClock.now + patience
        while openCount > 0 || state.withLock({ !$0.ready.isEmpty }), ContinuousClock.now < deadline,
            !Task.isCancelled
        {
            try? await Task.sleep(for: .milliseconds(20))
        }
        state.withLock { $0.isEnded = true }
        while state.withLock({ $0.threads > 0 }) { usleep(5_000) }
    }

    /// Reports one logout beside the load, and waits until it is answered.
    ///
    /// - Parameter parties: who is told.
    /// - Returns: the call.
    @discardableResult
    package func report(to parties: [Int]) async -> LogoutCall {
        let number = state.withLock { state in add(parties, flawed: false, to: &state) }
        while state.withLock({ $0.calls[number].outcome == .open && !$0.isEnded }), !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(2))
        }
        return state.withLock { $0.calls[number] }
    }

    private func generate() {
        var due = Moment.now
        while true {
            let (isOpen, isEnded, rate) = state.withLock { ($0.isOpen, $0.isEnded, $0.rate) }
            if isEnded { return }
            if !isOpen || rate < 1 || Moment.now < due {
                usleep(500)
                if !isOpen || rate < 1 { due = Moment.now }
                continue
            }
            due += 1_000_000_000 / UInt64(rate)
            let chosen = targets()
            let isFlawed = random.below(50) == 0
            state.withLock { state in _ = add(chosen, flawed: isFlawed, to: &state) }
        }
    }

    private func targets() -> [Int] {
        var chosen: Set<Int> = []
        let wanted = min(random.within(1...4), parties)
        while chosen.count < wanted { chosen.insert(random.below(parties)) }
        return chosen.sorted()
    }

    private func add(_ parties: [Int], flawed: Bool, to state: inout State) -> Int {
        let number = state.calls.count
        let targets = parties.enumerated().map { place, party in
            LogoutCall.Target(party: party, sub: "user-\(number)", sid: "s-\(number)-\(place)")
        }
        var call = LogoutCall(number: number, key: "call-\(number)", targets: targets, isFlawed: flawed)
        call.dueAt = Moment.now
        state.calls.append(call)
        queue(Turn(number: number, at: call.dueAt), in: &state)
        return number
    }

    private func queue(_ turn: Turn, in state: inout State) {
        let place = state.ready.lastIndex { $0.at <= turn.at }
        state.ready.insert(turn, at: place.map { $0 + 1 } ?? 0)
    }

    private func send() {
        while true {
            let now = Moment.now
            let (call, isEnded) = state.withLock { state -> (LogoutCall?, Bool) in
                guard let first = state.ready.first, first.at <= now else { return (nil, state.isEnded) }
                state.ready.removeFirst()
                return (state.calls[first.number], state.isEnded)
            }
            if isEnded { return }
            guard let call else {
                usleep(2_000)
                continue
            }
            send(call)
        }
    }

    private func send(_ call: LogoutCall) {
        let ports = ports()
        let sentAt = Moment.now
        var answer: HTTPCall.Answer?
        if !ports.isEmpty {
            answer = try? HTTPCall.send(
                "POST",
                Self.path,
                port: ports[(call.number + call.tries) % ports.count],
                headers: headers + ["Idempotency-Key: \(call.key)"],
                body: call.body,
                timeout: Self.timeout
            )
        }
        let answeredAt = Moment.now
        state.withLock { state in
            var entry = state.calls[call.number]
            entry.tries += 1
            if entry.sentAt == 0 { entry.sentAt = sentAt }
            let wasOpen = entry.outcome == .open
            switch answer.map({ ($0.status, $0.json["id"]?.string) }) {
            case (200..<300, let event?)?:
                if wasOpen {
                    entry.outcome = .accepted(event: event)
                } else if entry.event != event {
                    entry.otherEvents.append(event)
                }
            case (let status, _)? where (400..<500).contains(status) && status != 429 && status != 408:
                if wasOpen {
                    entry.outcome = .refused(status: status)
                } else if entry.event != nil {
                    entry.otherEvents.append("status \(status)")
                }
            default:
                break
            }
            if wasOpen { (entry.lastSentAt, entry.answeredAt) = (sentAt, answeredAt) }
            state.calls[call.number] = entry
            if wasOpen, entry.outcome == .open || call.number % 20 == 7 {
                let wait = min(1_000, 100 << min(entry.tries, 4))
                queue(Turn(number: call.number, at: answeredAt + UInt64(wait) * 1_000_000), in: &state)
            }
        }
    }
}
