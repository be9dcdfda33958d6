package import DeliveryPolicy
package import LogoutModel

/// What one process knows of its clients' breakers, and which changes of them are under way.
///
/// Nothing is remembered of an RP that behaves. A change that could not be written is wished for again with the
/// client's next outcome.
package struct BreakerBook: Sendable {
    /// The most clients that are remembered at once; beyond it all begin anew.
    private static let maximumKnown = 20_000

    /// A change of a client's row that somebody must write.
    package struct Change: Sendable, Hashable {
        /// The client.
        package let lane: Int32
        /// What is wished for.
        package let verdict: Breaker.Verdict
    }

    private struct Known {
        var breaker = Breaker()
        var isChanging = false
    }

    private var known: [Int32: Known] = [:]

    /// A book in which all breakers are closed.
    package init() {}

    /// Takes in what a claim says of its clients' breakers.
    package mutating func learn(from claims: [ClaimedDelivery]) {
        for claimed in claims {
            guard var lane = known[claimed.clientKey] ?? (claimed.breakerTrips > 0 ? Known() : nil),
                !lane.isChanging
            else { continue }
            lane.breaker.learn(trips: claimed.breakerTrips)
            keep(lane, as: claimed.clientKey)
        }
    }

    /// Whether the breaker has opened since this was claimed.
    package func refuses(_ claimed: ClaimedDelivery) -> Bool {
        known[claimed.clientKey]?.breaker.refuses(claimedAt: claimed.breakerTrips) ?? false
    }

    /// Takes in what an attempt met.
    ///
    /// - Returns: a change to be written, whose end ``changed(_:to:)`` must hear of.
    package mutating func record(_ outcome: AttemptOutcome, of claimed: ClaimedDelivery) -> Change? {
        let lane = claimed.clientKey
        var entry = known[lane] ?? Known()
        let verdict = entry.breaker.record(outcome, claimedAt: claimed.breakerTrips)
        let isNew = verdict != .none && !entry.isChanging
        if isNew { entry.isChanging = true }
        keep(entry, as: lane)
        return isNew ? Change(lane: lane, verdict: verdict) : nil
    }

    /// A change was written, or given up.
    ///
    /// `trips`: how often the breaker has opened now; `nil` where it could not be changed.
    package mutating func changed(_ lane: Int32, to trips: Int?) {
        guard var entry = known[lane] else { return }
        entry.isChanging = false
        if let trips { entry.breaker.learn(trips: trips) }
        keep(entry, as: lane)
    }

    private mutating func keep(_ lane: Known, as key: Int32) {
        guard lane.breaker != Breaker() || lane.isChanging else {
            known[key] = nil
            return
        }
        if known.count >= Self.maximumKnown { known = known.filter { $0.value.isChanging } }
        known[key] = lane
    }
}

extension Breaker.Verdict {
    /// How often the breaker has opened, once the row was asked for this.
    ///
    /// `opened`: how often it has opened now; `nil` where another process had opened it, and what is claimed next will
    /// say how often.
    package func trips(afterOpening opened: Int?) -> Int? {
        switch self {
        case .none: nil
        case .open(let trips, _): opened ?? trips + 1
        case .close: 0
        }
    }
}
