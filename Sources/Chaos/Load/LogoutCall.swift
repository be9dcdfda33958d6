/// One logout that the load reported, and what became of the call: an entry of the harness's own ledger.
package struct LogoutCall: Sendable, Hashable {
    /// One of its targets. The `sid` is in no other call.
    package struct Target: Sendable, Hashable {
        /// Which relying party, from 0.
        package let party: Int
        /// The subject.
        package let sub: String
        /// The session.
        package let sid: String

        /// - Parameters:
        ///   - party: which relying party.
        ///   - sub: the subject.
        ///   - sid: the session, in no other call.
        package init(party: Int, sub: String, sid: String) {
            (self.party, self.sub, self.sid) = (party, sub, sid)
        }
    }

    /// What became of it.
    package enum Outcome: Sendable, Hashable {
        /// Nobody has said yet; it is repeated with the same key.
        case open
        /// 200 or 202, with this event.
        case accepted(event: String)
        /// Another status below 500: it is not to have any effect.
        case refused(status: Int)
    }

    /// Counted from 0.
    package let number: Int
    /// Its `Idempotency-Key`.
    package let key: String
    /// Its targets.
    package let targets: [Target]
    /// Whether it is made to be refused: a good body but for one member that no logout has.
    package let isFlawed: Bool
    /// What became of it.
    package var outcome = Outcome.open
    /// When it was to be sent, whoever was busy then; on `CLOCK_MONOTONIC`.
    package var dueAt: UInt64 = 0
    /// When it was sent for the first time, on `CLOCK_MONOTONIC`.
    package var sentAt: UInt64 = 0
    /// When it was sent so that it was answered.
    package var lastSentAt: UInt64 = 0
    /// When that answer came.
    package var answeredAt: UInt64 = 0
    /// How often it was sent.
    package var tries = 0
    /// Events of later answers under the same key that were not the first one's.
    package var otherEvents: [String] = []

    /// - Parameters:
    ///   - number: counted from 0.
    ///   - key: its `Idempotency-Key`.
    ///   - targets: who is told.
    ///   - isFlawed: whether it is made to be refused.
    package init(number: Int, key: String, targets: [Target], isFlawed: Bool = false) {
        (self.number, self.key, self.targets, self.isFlawed) = (number, key, targets, isFlawed)
    }

    /// The body of the request.
    package var body: String {
        let named = targets.map {
            #"{"client_id":"\#(World.client($0.party))","sub":"\#($0.sub)","sid":"\#($0.sid)"}"#
        }
        let flaw = isFlawed ? #","no_such_member":1"# : ""
        return #"{"targets":[\#(named.joined(separator: ","))]\#(flaw)}"#
    }

    /// The event, where it was accepted.
    package var event: String? { if case .accepted(let event) = outcome { event } else { nil } }
}
