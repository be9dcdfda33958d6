import CoreMetrics
import LogoutModel
import Metrics
import Outbox
import Synchronization

/// Attempts at each client, by name for the busiest ones.
final class ClientMetrics: Sendable {
    private enum Result: String, CaseIterable {
        /// The RP accepted it.
        case delivered
        /// It refused it, for good or for now, or could not be asked.
        case failed
    }

    private struct State {
        var top: TopClients
        var series: [Int32: [Result: Counter]] = [:]
    }

    private static let label = "lastcall_client_attempts_total"
    private let others = ClientMetrics.counters(issuer: "other", client: "other")
    private let state: Mutex<State>

    /// `limit`: so many clients are counted by name.
    init(limit: Int) {
        state = Mutex(State(top: TopClients(limit: limit)))
    }

    /// Counts an attempt.
    func attempted(_ recipient: Recipient, _ outcome: AttemptOutcome) {
        let result = outcome == .delivered ? Result.delivered : .failed
        let key = recipient.client.key
        let (counter, gone) = state.withLock { state -> (Counter?, [Result: Counter]?) in
            guard case .named(let instead) = state.top.count(key) else { return (others[result], nil) }
            let gone = instead.flatMap { state.series.removeValue(forKey: $0) }
            if let known = state.series[key] { return (known[result], gone) }
            let made = Self.counters(issuer: recipient.issuer, client: recipient.client.clientID)
            state.series[key] = made
            return (made[result], gone)
        }
        gone?.values.forEach { $0.destroy() }
        counter?.increment()
    }

    private static func counters(issuer: String, client: String) -> [Result: Counter] {
        Dictionary(
            uniqueKeysWithValues: Result.allCases.map { result in
                let dimensions = [("issuer", issuer), ("client_id", client), ("result", result.rawValue)]
                return (result, Counter(label: label, dimensions: dimensions))
            }
        )
    }
}
