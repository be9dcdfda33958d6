extension Accounts {
    private static let endTypes = [
        "delivered": "logout.back_channel.delivered", "failed": "logout.back_channel.failed",
        "expired": "logout.back_channel.expired", "cancelled": "logout.back_channel.cancelled",
    ]

    /// The audit trail: folded, it is the state.
    mutating func balanceAudit(_ evidence: Evidence, _ ledger: Ledger) {
        let bySubject = Dictionary(grouping: evidence.audit, by: \.subject)
        var differences: [String] = []
        for delivery in evidence.deliveries where delivery.status != "open" {
            let said = bySubject[delivery.id] ?? []
            for (status, type) in Self.endTypes {
                let count = said.filter { $0.type == type }.reduce(0) { $0 + $1.count }
                if count != (delivery.status == status ? 1 : 0) {
                    differences.append("\(delivery.id) \(delivery.status): \(count) of \(type)")
                }
            }
            let failures = (ledger.attempts[delivery.id] ?? []).filter { $0.outcome != "delivered" }
            for (outcome, attempts) in Dictionary(grouping: failures, by: \.outcome) {
                let count = said.filter { $0.type == "logout.back_channel.attempted" && $0.word == outcome }
                    .reduce(0) { $0 + $1.count }
                if count != attempts.count {
                    differences.append("\(delivery.id): \(attempts.count) of \(outcome), \(count) told")
                }
            }
        }
        let byEvent = Dictionary(grouping: evidence.deliveries, by: \.event)
        for event in evidence.events {
            let said = bySubject[event.id] ?? []
            let accepted = said.filter { $0.type == "logout.accepted" }.reduce(0) { $0 + $1.count }
            if accepted != 1 { differences.append("event \(event.id): accepted \(accepted) times") }
            let ends = said.filter { $0.type == "logout.ended" }
            let expected = event.status == "in_progress" ? [] : [event.status]
            if ends.flatMap({ Array(repeating: $0.word, count: $0.count) }) != expected {
                differences.append("event \(event.id) \(event.status): ended as \(ends.map(\.word))")
            }
            var counts: [String: Int] = [:]
            for delivery in byEvent[event.id] ?? [] { counts[delivery.status, default: 0] += 1 }
            for (status, count) in event.counts where count != counts[status, default: 0] {
                differences.append(
                    "event \(event.id): \(count) \(status), and \(counts[status, default: 0]) are"
                )
            }
        }
        let known = Set(evidence.deliveries.map(\.id)).union(evidence.events.map(\.id))
        differences += bySubject.keys.filter { !known.contains($0) }.map { "\($0) is told of and is not" }
        demand("the audit trail, folded, is the state", differences)
        demand("the audit trail is what was sealed", evidence.auditBreak.map { [$0] } ?? [])
    }

    /// What the processes hold: no more than twice what they held before, and some: after a backlog a worker keeps the connections of all its
    /// attempts in flight, 512 by default.
    mutating func balanceUsage(_ evidence: Evidence) {
        let before = Dictionary(grouping: evidence.usage.before, by: \.role)
        demand(
            "memory, descriptors, threads and connections are bounded",
            evidence.usage.after.compactMap { now in
                let then = before[now.role] ?? []
                let memory = (then.map(\.memory).max() ?? 0) * 2 + 64
                let descriptors = (then.map(\.descriptors).max() ?? 0) * 2 + 1_024
                let threads = (then.map(\.threads).max() ?? 0) + 24
                guard now.memory > memory || now.descriptors > descriptors || now.threads > threads else {
                    return nil
                }
                return "\(now.role): \(now.memory) MB of \(memory), \(now.descriptors) descriptors of "
                    + "\(descriptors), \(now.threads) threads of \(threads)"
            }
        )
    }
}
