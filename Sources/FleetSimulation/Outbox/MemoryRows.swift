package import FoundationEssentials
package import LogoutModel

extension Timestamp {
    /// Postgres's `-infinity`.
    package static let never = Timestamp(microseconds: .min)

    func advanced(seconds: Double) -> Timestamp {
        Timestamp(microseconds: microseconds + Int64((seconds * 1_000_000).rounded()))
    }
}

/// A client of the simulated outbox: what its row decides.
package struct MemoryClient: Sendable, Hashable {
    /// The row's key, and the lane.
    package let key: Int32
    /// Its `client_id`.
    package let clientID: String
    /// Whether it has a `backchannel_logout_uri`.
    package var hasURI: Bool
    /// Whether it needs a `sid`.
    package var sessionRequired: Bool
    /// Its own `max_in_flight`.
    package var maxInFlight: Int?
    /// Its own `attempt_timeout_seconds`.
    package var attemptTimeoutSeconds: Double?
    /// Its own `deliver_within_seconds`.
    package var deliverWithinSeconds: Int?
    /// Whether it is on hold.
    package internal(set) var isHeld = false
    /// Whether it is deleted.
    package internal(set) var isDeleted = false
    /// How often its breaker has opened since it was closed.
    package internal(set) var breakerTrips = 0
    /// Until when its breaker is open.
    package internal(set) var breakerOpenUntil = Timestamp.never
    /// When its breaker was last closed.
    package internal(set) var breakerClosedAt = Timestamp.never
    /// When it opened first of those times whose deliveries it is being sent.
    package internal(set) var breakerOpenedAt = Timestamp.never
    /// Until when it is sent what waited.
    package internal(set) var breakerRecoveredAt = Timestamp.never
    /// Whether retries that wait for it are still to be made due.
    package internal(set) var isRousing = false

    /// A client with a URI.
    package init(key: Int32, clientID: String) {
        self.key = key
        self.clientID = clientID
        hasURI = true
        sessionRequired = false
    }

    /// A moment of the time in which it is sent what waited, by its part of that.
    func replay(_ part: Double) -> Timestamp {
        let length = Double(breakerRecoveredAt.microseconds - breakerClosedAt.microseconds)
        return breakerClosedAt.advanced(by: .microseconds(Int64((length * part).rounded(.toNearestOrEven))))
    }

    /// When it is sent what was due while it was down.
    func replayed(_ dueAt: Timestamp) -> Timestamp {
        let replay = Double(breakerRecoveredAt.microseconds - breakerClosedAt.microseconds) / 1_000_000
        let outage = Double(breakerClosedAt.microseconds - breakerOpenedAt.microseconds) / 1_000_000
        let waited =
            Double(dueAt.microseconds - breakerOpenedAt.microseconds) * (replay / max(outage, 0.000001))
        let place = Int64(waited.rounded(.toNearestOrEven))
        return breakerClosedAt.advanced(by: .microseconds(max(place, 1)))
    }
}

/// One attempt as the simulated outbox keeps it.
package struct MemoryAttempt: Sendable, Hashable {
    /// Its number.
    package let number: Int
    /// What it met.
    package let outcome: AttemptOutcome
    /// Who made it.
    package let worker: Int32?
    /// The RP's status.
    package let httpStatus: Int?
    /// What a worker heard after it had lost its lease.
    package internal(set) var lateHTTPStatus: Int?
    /// The token's id.
    package let jti: UUID?
}

/// One delivery of the simulated outbox: its row of the queue as long as it is open, then its end.
package struct MemoryDelivery: Sendable, Hashable {
    /// How it ended.
    package struct End: Sendable, Hashable {
        /// As what.
        package let status: DeliveryStatus
        /// Why, where not delivered.
        package let reason: EndReason?
        /// When.
        package let at: Timestamp
        /// What else is known of it.
        package let flags: DeliveryFlags
    }

    /// Its id.
    package let id: DeliveryID
    /// Its event, by its place.
    package let event: Int
    /// Its client's key; `nil` where there was none.
    package internal(set) var client: Int32?
    /// Its client's `client_id`.
    package let clientID: String
    /// The subject as the RP knows it.
    package let sub: String?
    /// The session as the RP knows it.
    package let sid: String?
    /// How urgent it is.
    package internal(set) var priority: Priority
    /// When it is tried next.
    package internal(set) var dueAt: Timestamp
    /// When it was last leased.
    package internal(set) var leasedAt = Timestamp.never
    /// Until when it is leased; `never` where no lease stands.
    package internal(set) var leaseUntil = Timestamp.never
    /// When it ends undelivered.
    package internal(set) var deliverBefore: Timestamp
    /// The fence.
    package internal(set) var leaseNumber: Int32 = 0
    /// Attempts counted.
    package internal(set) var attemptCount = 0
    /// Attempts that count against nobody.
    package internal(set) var excusedCount = 0
    /// Who leased it last.
    package internal(set) var worker: Int32?
    /// What the last attempt met.
    package internal(set) var lastOutcome: AttemptOutcome?
    /// Whether an attempt's worker was lost.
    package internal(set) var outcomeWasUnknown = false
    /// As what it ends, where that is decided.
    package internal(set) var closing: EndReason?
    /// Who decided.
    package internal(set) var closingBy: String?
    /// Its end; `nil` while it is open.
    package internal(set) var end: End?
    /// What was tried.
    package internal(set) var attempts: [MemoryAttempt] = []

    /// Where it stands among the rows of its lane that are due at the same time.
    var order: (UInt64, UInt64) { id.order }
}

extension DeliveryID {
    /// Its bytes as two numbers, in Postgres's order of UUIDs.
    var order: (UInt64, UInt64) {
        let b = uuid.uuid
        func number(_ bytes: UInt8...) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        return (
            number(b.0, b.1, b.2, b.3, b.4, b.5, b.6, b.7),
            number(b.8, b.9, b.10, b.11, b.12, b.13, b.14, b.15)
        )
    }
}

extension LogoutEventID {
    /// When it was made, to the microsecond: what `lastcall.uuid7_time` says.
    var time: Timestamp {
        let bytes = uuid.uuid
        let fraction = Int64(bytes.6 & 15) << 8 | Int64(bytes.7)
        return Timestamp(microseconds: createdAt.microseconds + (fraction * 1_000 + 4_095) / 4_096)
    }

    /// An id of that time with a number for its random part, which tells it apart.
    static func numbered(_ number: Int, at time: Timestamp) -> LogoutEventID {
        let milliseconds = UInt64(bitPattern: time.microseconds / 1_000)
        let fraction = UInt64(bitPattern: time.microseconds % 1_000) * 4_096 / 1_000
        func byte(_ value: UInt64, _ shift: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: value >> shift) }
        let number = UInt64(number)
        return .of(
            UUID(
                uuid: (
                    byte(milliseconds, 40), byte(milliseconds, 32), byte(milliseconds, 24),
                    byte(milliseconds, 16), byte(milliseconds, 8), byte(milliseconds, 0),
                    0x70 | byte(fraction, 8), byte(fraction, 0), 0x80, byte(number, 24), byte(number, 16),
                    byte(number, 8), byte(number, 0), 0, 0, 0
                )
            )
        )
    }
}

/// One logout event of the simulated outbox.
package struct MemoryEvent: Sendable, Hashable {
    /// Its id.
    package let id: LogoutEventID
    /// What it has come to.
    package internal(set) var status: LogoutEventStatus
    /// When its last delivery ended.
    package internal(set) var endedAt: Timestamp?
    /// How many targets it has.
    package let matched: Int
    /// How many of them were left out.
    package let excluded: Int
    /// How many deliveries are open.
    package internal(set) var openCount: Int
    /// How often it ended.
    package internal(set) var endCount = 0
    /// How many deliveries ended so.
    package internal(set) var delivered = 0
    /// How many deliveries ended so.
    package internal(set) var failed = 0
    /// How many deliveries ended so.
    package internal(set) var expired = 0
    /// How many deliveries ended so.
    package internal(set) var cancelled = 0
    /// How many deliveries ended so.
    package internal(set) var notCovered = 0
    /// The places of its deliveries, in the order of their ids.
    package internal(set) var deliveries: [Int] = []

    /// What `lastcall.event_end` says of these counts.
    var ending: LogoutEventStatus {
        let covered = matched - excluded - notCovered
        if matched == notCovered { return .noTargets }
        if delivered == covered { return .completed }
        if delivered > 0 { return .partial }
        return cancelled == covered ? .cancelled : .failed
    }

    mutating func count(_ status: DeliveryStatus, by step: Int) {
        switch status {
        case .delivered: delivered += step
        case .failed: failed += step
        case .expired: expired += step
        case .cancelled: cancelled += step
        case .notCovered: notCovered += step
        case .pending, .delivering, .retrying, .held: break
        }
    }
}

/// One entry of the simulated audit trail.
package struct MemoryAudit: Sendable, Hashable {
    /// Its type, as the audit trail spells it.
    package let type: String
    /// What it is about.
    package var subject: UUID?
    /// The client that it is about.
    package var clientID: String?
    /// Who did it.
    package var actor = "system"
    /// `attempt` or `attempts` of its data.
    package var attempt: Int?
    /// `outcome`, `reason` or `status` of its data.
    package var word: String?
    /// `http_status` or `trips` of its data.
    package var number: Int?
}
