/// All that is known when the world is quiet again: the harness's own ledgers, and what the product wrote down.
package struct Evidence: Sendable {
    /// What the load sent, and what it was answered.
    package var calls: [LogoutCall] = []
    /// What the relying parties received, in order of arrival.
    package var posts: [PostRecord] = []
    /// Deliveries, ended and open.
    package var deliveries: [DeliveryRow] = []
    /// Attempts.
    package var attempts: [AttemptRow] = []
    /// Events.
    package var events: [EventRow] = []
    /// The audit trail, counted.
    package var audit: [AuditCount] = []
    /// Ends that were seen to change, a line each.
    package var wentBack: [String] = []
    /// What `lastcall audit verify` has to say; `nil` where all is intact.
    package var auditBreak: String?
    /// Workers that were lost.
    package var losses: [WorkerLoss] = []
    /// What the processes used before the fault, and after it under the same load.
    package var usage: (before: [ProcessUsage], after: [ProcessUsage]) = ([], [])
    /// When the fault began and ended, on `CLOCK_MONOTONIC`; the load stopped at `loadEnded`.
    package var (faultBegan, faultEnded, loadEnded): (UInt64, UInt64, UInt64) = (0, 0, 0)
    /// From when on calls count for the baseline.
    package var baselineBegan: UInt64 = 0

    package init() {}
}

extension Evidence {
    /// The same, where a standby that was behind has taken over: a call whose event was lost, and which was sent again with its key,
    /// has the event that it got then; and what had ended may have ended again.
    var followingLostEvents: Evidence {
        var following = self
        let known = Set(events.map(\.id))
        for place in following.calls.indices {
            guard let event = following.calls[place].event, !known.contains(event) else { continue }
            if let other = following.calls[place].otherEvents.first(where: known.contains) {
                following.calls[place].outcome = .accepted(event: other)
            }
            following.calls[place].otherEvents = []
        }
        following.wentBack = []
        return following
    }
}
