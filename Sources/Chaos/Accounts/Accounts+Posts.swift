internal import Benchmarks

extension Accounts {
    /// Outcomes that another attempt may follow.
    private static let retried: Set<String> = [
        "unknown", "timeout", "unreachable", "dns_failure", "tls_failure", "server_error", "rate_limited",
        "protocol_error",
    ]

    /// POSTs: each owed, each written down, none twice without a reason.
    mutating func balancePosts(_ evidence: Evidence, _ ledger: Ledger, _ expectations: Expectations) {
        var (unowed, misled, unwritten): ([String], [String], [String]) = ([], [], [])
        for record in evidence.posts {
            guard let (call, target) = ledger.targets[record.sid], call.event != nil else {
                unowed.append("\(record.sid.isEmpty ? "an unreadable token" : record.sid)")
                continue
            }
            if record.post.party != target.party || record.aud != World.client(target.party) {
                misled.append("\(record.sid) at \(record.post.party), for \(record.aud)")
            }
        }
        demand("no POST without an accepted logout", unowed)
        demand("each POST is at its own RP", misled)
        demand(
            "each token verifies as it arrives",
            evidence.posts.compactMap { record in record.defect.map { "\(record.sid): \($0)" } }
        )
        let ids = Dictionary(grouping: evidence.posts, by: \.jti)
        demand(
            "no two POSTs have one jti",
            ids.filter { $0.value.count > 1 }.map { "\($0.key): \($0.value.map(\.sid))" }
        )
        var (unbacked, unexplained, twice): ([String], [String], [String]) = ([], [], [])
        for delivery in evidence.deliveries {
            let posts = ledger.posts[delivery.sid] ?? []
            let attempts = ledger.attempts[delivery.id] ?? []
            let ends = attempts.count { $0.outcome == "delivered" }
            if delivery.status == "delivered" {
                let accepted = attempts.contains { attempt in
                    attempt.outcome == "delivered"
                        && posts.contains { $0.jti == attempt.jti && 200..<300 ~= $0.post.answer ?? 0 }
                }
                if !accepted {
                    lost += 1
                    unbacked.append("\(delivery.id) \(delivery.sid)")
                }
            }
            if ends > 1 || (ends == 1) != (delivery.status == "delivered") {
                twice.append("\(delivery.id): \(delivery.status), \(ends) attempts delivered")
            }
            unwritten += unwrittenPosts(posts, attempts, expectations)
            let more = max(0, posts.count - 1)
            let reasons = attempts.count { Self.retried.contains($0.outcome) }
            let explained = expectations.duplicates == .none ? 0 : min(more, reasons)
            duplicatesExplained += explained
            let rest = more - explained - (expectations.mayLoseClaims ? more - explained : 0)
            duplicatesUnexplained += rest
            if rest > 0 {
                unexplained.append("\(delivery.sid): \(posts.count) POSTs, \(attempts.map(\.outcome))")
            }
        }
        demand("what is delivered was accepted by its RP", unbacked)
        demand("one attempt delivers what is delivered, none anything else", twice)
        demand("each POST has its attempt", unwritten)
        let sentence =
            expectations.duplicates == .none ? "no delivery is posted twice" : "a second POST has its reason"
        demand(sentence, unexplained)
        if expectations.duplicates == .none {
            demand(
                "no attempt is lost",
                evidence.attempts.filter { $0.outcome == "unknown" }.map { "\($0.delivery) \($0.worker)" }
            )
        }
        demand("attempts are counted as they are written", miscounts(evidence, ledger))
    }

    private func miscounts(_ evidence: Evidence, _ ledger: Ledger) -> [String] {
        evidence.deliveries.compactMap { delivery -> String? in
            let numbers = (ledger.attempts[delivery.id] ?? []).map(\.number)
            let expected = delivery.attempts > 0 ? Array(1...delivery.attempts) : []
            guard delivery.status != "open", numbers != expected else { return nil }
            return "\(delivery.id): \(delivery.attempts) counted, \(numbers) written"
        }
    }

    /// POSTs beyond the attempts that could have made them: those that name them, and those that were lost before they could.
    private func unwrittenPosts(
        _ posts: [PostRecord],
        _ attempts: [AttemptRow],
        _ expectations: Expectations
    ) -> [String] {
        let named = Set(attempts.compactMap(\.jti))
        let nameless = attempts.count { $0.jti == nil && $0.outcome == "unknown" }
        let unnamed = posts.filter { !named.contains($0.jti) }
        guard unnamed.count > nameless, !expectations.mayLoseClaims else { return [] }
        return unnamed.dropFirst(nameless).map { "\($0.sid) \($0.jti)" }
    }
}
