internal import Benchmarks

extension Accounts {
    /// Times: the first delivery after the fault, p99, and takeover.
    mutating func balanceTimes(
        _ evidence: Evidence,
        _ ledger: Ledger,
        _ expectations: Expectations,
        _ judges: Bool
    ) {
        let timeline = Timeline(evidence)
        baseline = timeline.p99(from: evidence.baselineBegan, to: evidence.faultBegan)
        firstDelivery = evidence.posts.map(\.post.arrivedAt).filter { $0 >= evidence.faultEnded }.min()
            .map { Double($0 - evidence.faultEnded) / 1e9 }
        recovery = timeline.recovery(of: evidence)
        takeover = Statistics(takeovers(evidence, ledger))
        guard judges else { return }
        if let bound = expectations.firstDelivery {
            checks.append(within("the first delivery after the fault", firstDelivery, bound))
        }
        if let bound = expectations.recovery {
            checks.append(within("p99 is back after the fault", recovery, bound))
        }
        if let bound = expectations.takeover, !takeover.sorted.isEmpty {
            checks.append(
                within("99 of 100 deliveries of lost workers are taken over", takeover.quantile(0.99), bound)
            )
        }
    }

    private func within(_ what: String, _ found: Double?, _ bound: Duration) -> Check {
        let seconds = bound / .seconds(1)
        return Check(
            "\(what) within \(Int(seconds)) s",
            found.map { $0 <= seconds } ?? false,
            detail: found.map { "\(Figures.short($0)) s" } ?? "never"
        )
    }

    /// Only where the process that made an attempt is known to have been lost while it was at it.
    private func takeovers(_ evidence: Evidence, _ ledger: Ledger) -> [Double] {
        let losses = Dictionary(evidence.losses.map { ("-\($0.pid)", $0.at) }) { first, _ in first }
        var found: [Double] = []
        for attempts in ledger.attempts.values {
            for (attempt, next) in zip(attempts, attempts.dropFirst()) where attempt.outcome == "unknown" {
                guard let dash = attempt.worker.lastIndex(of: "-"),
                    let lostAt = losses[String(attempt.worker[dash...])], lostAt >= attempt.startedAt
                else { continue }
                found.append(Double(next.startedAt - lostAt) / 1e6)
            }
        }
        return found
    }
}

/// How long logouts took to reach their RPs, by when they were reported.
struct Timeline {
    /// By time; a target without a POST took for ever.
    private let latencies: [(dueAt: UInt64, milliseconds: Double)]

    init(_ evidence: Evidence) { self.init(calls: evidence.calls, posts: evidence.posts) }

    init(calls: [LogoutCall], posts: [PostRecord]) {
        var first: [String: UInt64] = [:]
        for record in posts {
            first[record.sid] = min(first[record.sid] ?? .max, record.post.arrivedAt)
        }
        latencies = calls.filter { !$0.isFlawed }.flatMap { call in
            call.targets.map { target in
                let arrival = first[target.sid].map { $0 > call.dueAt ? Double($0 - call.dueAt) / 1e6 : 0 }
                return (call.dueAt, arrival ?? .infinity)
            }
        }.sorted { $0.0 < $1.0 }
    }

    /// p99 of what was reported in a span, in milliseconds; `nil` where nothing was.
    func p99(from start: UInt64, to end: UInt64) -> Double? {
        let sorted = latencies.filter { $0.dueAt >= start && $0.dueAt < end }.map(\.milliseconds).sorted()
        guard let last = sorted.indices.last else { return nil }
        return sorted[min(last, Int((Double(last) * 0.99).rounded(.up)))]
    }

    /// The length of a window, in nanoseconds.
    static let window: UInt64 = 5_000_000_000

    /// From the fault's end to the first of two windows in a row whose p99 is at most twice the baseline's, or 100 ms.
    func recovery(of evidence: Evidence) -> Double? {
        let usual = p99(from: evidence.baselineBegan, to: evidence.faultBegan) ?? 0
        let bound = max(100, 2 * usual)
        var start = evidence.faultEnded
        var isGood = false
        // A second more, for what was reported at the end of a window to arrive.
        while start + Self.window + 1_000_000_000 <= evidence.loadEnded {
            let next = (p99(from: start, to: start + Self.window) ?? .infinity) <= bound
            if next, isGood { return Double(start - evidence.faultEnded - Self.window) / 1e9 }
            (isGood, start) = (next, start + Self.window)
        }
        return nil
    }
}
