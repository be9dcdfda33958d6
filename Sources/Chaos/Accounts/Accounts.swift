package import Benchmarks

/// What was owed and what was done, after the fault: each difference is a check that does not hold.
package struct Accounts: Sendable {
    /// What must hold, in order.
    package internal(set) var checks: [Check] = []
    /// Logouts that were answered 2xx.
    package internal(set) var accepted = 0
    /// Calls that were answered 4xx.
    package internal(set) var refused = 0
    /// Targets of accepted logouts.
    package internal(set) var owed = 0
    /// Of those, without their end, or without the POST that the end speaks of.
    package internal(set) var lost = 0
    /// Second POSTs of a delivery that an earlier attempt explains.
    package internal(set) var duplicatesExplained = 0
    /// Second POSTs of a delivery that nothing explains.
    package internal(set) var duplicatesUnexplained = 0
    /// From the end of a worker to the next attempt at what it had, in seconds.
    package internal(set) var takeover = Statistics([Double]())
    /// From the fault's end to the first delivery, in seconds.
    package internal(set) var firstDelivery: Double?
    /// From the fault's end until p99 is back, in seconds; `nil` where it did not come back.
    package internal(set) var recovery: Double?
    /// p99 from call to POST before the fault, in milliseconds.
    package internal(set) var baseline: Double?

    /// Whether there is no difference.
    package var isBalanced: Bool { checks.allSatisfy(\.holds) }

    /// Draws up the accounts.
    ///
    /// - Parameters:
    ///   - evidence: all that is known.
    ///   - expectations: what the fault may have caused.
    ///   - judgesTimes: whether times are judged, or only told.
    package init(_ evidence: Evidence, _ expectations: Expectations, judgesTimes: Bool = true) {
        let evidence = expectations.mayLose ? evidence.followingLostEvents : evidence
        let ledger = Ledger(evidence)
        accepted = ledger.accepted.count
        refused = evidence.calls.count { if case .refused = $0.outcome { true } else { false } }
        owed = ledger.accepted.reduce(0) { $0 + $1.targets.count }
        balanceCalls(evidence, ledger, expectations)
        balanceEnds(evidence, ledger, expectations)
        balancePosts(evidence, ledger, expectations)
        balanceAudit(evidence, ledger)
        balanceUsage(evidence)
        balanceTimes(evidence, ledger, expectations, judgesTimes)
    }

    /// Adds a check that holds where there is nothing to tell.
    ///
    /// - Parameters:
    ///   - sentence: what must hold.
    ///   - differences: what does not, a line each.
    mutating func demand(_ sentence: String, _ differences: [String]) {
        let shown = differences.prefix(3).joined(separator: "; ")
        let more = differences.count > 3 ? "; and \(differences.count - 3) more" : ""
        checks.append(Check(sentence, differences.isEmpty, detail: shown + more))
    }
}

/// The evidence, by what it is looked up with.
struct Ledger {
    let accepted: [LogoutCall]
    /// Of accepted calls, by their event.
    let calls: [String: LogoutCall]
    /// Every target of every call, by its `sid`.
    let targets: [String: (call: LogoutCall, target: LogoutCall.Target)]
    let deliveries: [String: [DeliveryRow]]
    let posts: [String: [PostRecord]]
    let attempts: [String: [AttemptRow]]

    init(_ evidence: Evidence) {
        accepted = evidence.calls.filter { $0.event != nil }
        calls = Dictionary(accepted.map { ($0.event ?? "", $0) }) { first, _ in first }
        var targets: [String: (call: LogoutCall, target: LogoutCall.Target)] = [:]
        for call in evidence.calls { for target in call.targets { targets[target.sid] = (call, target) } }
        self.targets = targets
        deliveries = Dictionary(grouping: evidence.deliveries, by: \.sid)
        posts = Dictionary(grouping: evidence.posts, by: \.sid)
        attempts = Dictionary(grouping: evidence.attempts, by: \.delivery)
    }
}
