import LogoutModel
import RelyingPartyClient

/// An RP: what it does with a POST, and what it has accepted.
final class SimulatedParty {
    /// How it behaves, for some time.
    enum Manner: Equatable {
        case status(Int, retryAfter: Int?)
        case slow
        case hangs
        case refuses
        case cutsOff
        /// It acts, and its answer is lost.
        case answerLost
        case noName
        case noTLS
        case garbage
    }

    static let healthy = Manner.status(200, retryAfter: nil)
    private static let manners: [Manner] = [
        healthy, healthy, .status(204, retryAfter: nil), .status(202, retryAfter: nil),
        .status(400, retryAfter: nil), .status(302, retryAfter: nil), .status(500, retryAfter: nil),
        .status(503, retryAfter: 3), .status(429, retryAfter: 20), .status(408, retryAfter: nil),
        .slow, .slow, .hangs, .hangs, .refuses, .refuses, .cutsOff, .answerLost, .answerLost, .noName, .noTLS,
        .garbage,
    ]

    let client: Int32
    private(set) var manner = healthy
    private unowned let fleet: SimulatedFleet

    init(_ client: Int32, in fleet: SimulatedFleet) {
        self.client = client
        self.fleet = fleet
    }

    func change() {
        manner = fleet.random.one(of: Self.manners)
        fleet.note("RP \(client) now: \(manner)")
    }

    func heal() {
        manner = Self.healthy
    }

    /// A POST is on its way.
    ///
    /// - Returns: when its sender hears of it, in microseconds, and what.
    func receive(
        _ place: Int?,
        within timeout: Duration
    ) -> (after: Int, ending: Answer.Ending, retryAfter: Duration?) {
        let limit = Int(timeout / .microseconds(1))
        let way = fleet.random.time(500, 60_000)
        let (ending, duration, wait) = answer(way)
        let hasActed: Bool =
            switch manner {
            case .status(200..<300, _), .slow, .answerLost: true
            default: false
            }
        // It may act on what its sender has given up by then.
        if hasActed { fleet.later(way / 2) { [unowned self] in fleet.watch.accepted(place) } }
        guard duration < limit else { return (limit, .failure(.timeout(sent: true)), nil) }
        return (duration, ending, wait)
    }

    private func answer(_ way: Int) -> (Answer.Ending, Int, Duration?) {
        switch manner {
        case .status(let status, let wait): (.status(status), way, wait.map { .seconds($0) })
        case .slow: (.status(200), fleet.random.time(300_000, 8_000_000), nil)
        case .hangs: (.failure(.timeout(sent: true)), Int.max, nil)
        case .refuses: (.failure(.unreachable), way / 4, nil)
        case .cutsOff, .answerLost: (.failure(.unreachable), way, nil)
        case .noName: (.failure(.dnsFailure), way, nil)
        case .noTLS: (.failure(.tlsFailure), way, nil)
        case .garbage: (.failure(.protocolError), way, nil)
        }
    }
}
