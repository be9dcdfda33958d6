import CoreMetrics
public import LogoutModel
import Metrics

/// The gate of the intake: accepts logout events in groups.
public typealias IntakeGate = GroupCommit<LogoutEventRequest, Acceptance>

extension GroupCommit where Request == LogoutEventRequest, Answer == Acceptance {
    /// The most targets in one commit, unless a single request has more.
    public static var maximumTargets: Int { 10_000 }

    /// A gate in front of a store's intake.
    ///
    /// `wake`: told of the lanes that have something due, after the commit.
    /// `usualDeliverWithin`: seconds to the deadline where neither request, client nor issuer says.
    /// `maximumWaiting`: more requests than this are refused rather than queued.
    /// `concurrency`: how many commits may be under way at once.
    public convenience init(
        store: OutboxStore,
        wake: WakeSignal,
        usualDeliverWithin: Double,
        maximumWaiting: Int,
        concurrency: Int = 2
    ) {
        var limits = GroupLimits(waiting: maximumWaiting)
        limits.weight = Self.maximumTargets
        limits.answerWithin = store.deadline
        limits.commits = concurrency
        let sizes = Recorder(label: "lastcall_accept_batch_size")
        self.init(limits: limits, weight: \.scope.weight) { requests in
            sizes.record(requests.count)
            let answers = try await store.accept(requests, usualDeliverWithin: usualDeliverWithin)
            var lanes: [Int32] = []
            for case .fresh(let accepted)? in answers { lanes += accepted.lanes }
            if !lanes.isEmpty { wake.announce(lanes) }
            return answers
        }
    }

    /// Accepts one request; returns once it is durable.
    ///
    /// `spent`: what the caller has waited already, of the time in which it is answered.
    /// - Throws: ``OutboxError/overloaded(waiting:)``, or ``PostgresError``.
    public func accept(_ request: LogoutEventRequest, spent: Duration = .zero) async throws -> Acceptance {
        try await submit(request, spent: spent)
    }
}

extension LogoutScope {
    /// About how many deliveries it comes to; a filter matches few as a rule, and at most 1,000 in one commit.
    fileprivate var weight: Int {
        switch self {
        case .targets(let targets): targets.count
        case .filter: 40
        }
    }
}
