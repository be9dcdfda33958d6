import LogoutModel
import PostgresClient

/// An OP that reports one logout, and asks again under the same key until it is answered.
final class SimulatedCaller {
    /// What it has heard.
    enum Answer: Equatable {
        /// A 2xx, naming the event where the API knew it.
        case accepted(Int?)
        /// A 4xx.
        case refused
        /// Nothing, or a 503.
        case none
    }

    let number: Int
    let meaning: LogoutMeaning
    /// `nil`: it cannot ask again.
    let key: Int?
    private(set) var isDone = false
    private var tries = 0
    private unowned let fleet: SimulatedFleet

    init(_ number: Int, _ meaning: LogoutMeaning, key: Int?, in fleet: SimulatedFleet) {
        self.number = number
        self.meaning = meaning
        self.key = key
        self.fleet = fleet
    }

    /// Asks one of the API processes.
    func ask() {
        guard !isDone else { return }
        tries += 1
        let attempt = tries
        let up = fleet.apis.filter(\.isUp)
        if !up.isEmpty { accept(at: fleet.random.one(of: up)) { [unowned self] in hear($0) } }
        fleet.later(2_500_000) { [unowned self] in
            guard tries == attempt, !isDone else { return }
            // Without a key it must not ask again: that could be a second logout.
            if key == nil { isDone = true } else { ask() }
        }
    }

    private func hear(_ answer: Answer) {
        guard !isDone, answer != .none else { return }
        isDone = true
        fleet.note("caller \(number) hears \(answer)")
        fleet.watch.heard(answer, number)
    }

    /// What an API process does with the call.
    private func accept(at api: SimulatedProcess, reply: @escaping (Answer) -> Void) {
        let fleet = fleet
        let (meaning, number) = (meaning, number)
        let key = key
        let isLate = fleet.shape.hasLateCommits && fleet.random.chance(0.3)
        let lateness = isLate ? fleet.random.time(100_000, 5_000_000) : 0
        func answer(_ answer: Answer) {
            // The way back may fail too.
            let isLost = fleet.strikes(fleet.shape.faults.answerLost)
            if !isLost { api.after(fleet.random.within(100...2_000)) { reply(answer) } }
        }
        if fleet.defect == .answeredBeforeCommit { answer(.accepted(nil)) }
        fleet.call("accept", from: api) { outbox, now in
            let due = now.advanced(by: .microseconds(-lateness))
            let acceptance = outbox.accept(meaning, key: key, due: due, at: now)
            fleet.watch.decided(acceptance, number)
            return acceptance
        } then: { result in
            switch result {
            case .success(.fresh(let event, let lanes)):
                fleet.wake(lanes)
                answer(.accepted(event))
            case .success(.replay(let event)): answer(.accepted(event))
            case .success: answer(.refused)
            case .failure(.outcomeUnknown) where fleet.defect == .unknownTakenAsSuccess:
                answer(.accepted(nil))
            case .failure: answer(.none)
            }
        }
    }
}
