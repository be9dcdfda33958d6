package import LogoutModel

/// What became of one intake call.
package enum MemoryAcceptance: Sendable, Hashable {
    /// An event, by its place, and the lanes that have something due now.
    case fresh(Int, lanes: [Int32])
    /// What the same call was answered before.
    case replay(Int)
    /// The key stands for another call.
    case conflict
    /// The deadline is not within the next 30 days.
    case badDeadline
}

extension MemoryOutbox {
    /// Who asks for logouts, in the audit trail.
    package static let caller = "op"
    /// How long deliveries have where nobody says, in seconds.
    package static let usualWithin = 3_600

    /// Accepts one logout: see `accept.sql`.
    ///
    /// - Parameters:
    ///   - meaning: what is asked for.
    ///   - key: the idempotency key, as a number.
    ///   - id: the event's id; made here where the database does not say.
    ///   - due: when its deliveries are due: now, or earlier where its transaction took long.
    ///   - now: the time on the database clock.
    /// - Returns: what became of it.
    package mutating func accept(
        _ meaning: LogoutMeaning,
        key: Int? = nil,
        id: LogoutEventID? = nil,
        due: Timestamp? = nil,
        at now: Timestamp
    ) -> MemoryAcceptance {
        begin()
        let month = Timestamp(microseconds: now.microseconds + 30 * 86_400_000_000)
        if let key, let known = keys[key], defect != .idempotencyKeyIgnored {
            // A key means what it was first sent with, in whatever order its targets were named.
            return known.meaning == meaning.sorted ? .replay(known.event) : .conflict
        }
        let isLate = meaning.before.map { $0 < now || $0 > month } ?? false
        if isLate, defect != .refusedIsQueued { return .badDeadline }
        let event = events.count
        let eventID = id ?? .numbered(event, at: now)
        if let key { keys[key] = (meaning.sorted, event) }
        var fresh = MemoryEvent(
            id: eventID,
            status: .inProgress,
            matched: meaning.targets.count,
            excluded: 0,
            openCount: 0
        )
        append(fresh)
        let accepted = MemoryAudit(type: "logout.accepted", subject: eventID.uuid, actor: Self.caller)
        note(accepted)
        if meaning.targets.isEmpty {
            note(MemoryAudit(type: "bcl.no_sessions_for_subject", subject: eventID.uuid, actor: Self.caller))
        }
        var due = due ?? now
        if due > now { due = now }
        var woken: [Int32] = []
        for (index, target) in meaning.targets.enumerated() {
            let placed = placed(target, index + 1, of: event, meaning, due: due, at: now)
            append(placed.delivery)
            if let end = placed.delivery.end {
                fresh.count(end.status, by: 1)
            } else {
                fresh.openCount += 1
            }
            if let lane = placed.lane, !woken.contains(lane) { woken.append(lane) }
        }
        fresh.deliveries = events[event].deliveries
        if fresh.openCount == 0 {
            fresh.status = fresh.ending
            fresh.endedAt = eventID.time
            fresh.endCount = 1
            note(MemoryAudit(type: "logout.ended", subject: eventID.uuid, word: fresh.status.rawValue))
        }
        events[event] = fresh
        return isLate ? .badDeadline : .fresh(event, lanes: woken)
    }

    /// A target as a delivery, open or ended, and the lane to be woken for it.
    private mutating func placed(
        _ target: LogoutMeaning.Target,
        _ ordinal: Int,
        of event: Int,
        _ meaning: LogoutMeaning,
        due: Timestamp,
        at now: Timestamp
    ) -> (delivery: MemoryDelivery, lane: Int32?) {
        let eventID = events[event].id
        let client = clients.first { $0.clientID == target.clientID && !$0.isDeleted }
        let within = meaning.within ?? client?.deliverWithinSeconds ?? Self.usualWithin
        var delivery = MemoryDelivery(
            id: eventID.delivery(ordinal),
            event: event,
            client: client?.key,
            clientID: target.clientID,
            sub: target.sub,
            sid: target.sid,
            priority: meaning.priority,
            dueAt: due,
            deliverBefore: meaning.before ?? now.advanced(by: .seconds(within))
        )
        let reason: EndReason? =
            switch client {
            case nil: .clientNotFound
            case let client? where !client.hasURI: .noBackchannelLogoutURI
            case let client? where client.sessionRequired && target.sid == nil: .sessionRequiredNoSid
            default: nil
            }
        guard let reason else { return (delivery, client?.isHeld == true ? nil : client?.key) }
        delivery.end = .init(status: reason.status, reason: reason, at: eventID.time, flags: [])
        note(
            MemoryAudit(
                type: reason == .noBackchannelLogoutURI
                    ? "bcl.client_not_covered" : "logout.back_channel.failed",
                subject: delivery.id.uuid,
                clientID: target.clientID,
                actor: Self.caller,
                word: reason.rawValue
            )
        )
        return (delivery, nil)
    }
}

extension LogoutMeaning {
    /// With its targets in one order, so that two that mean the same are equal.
    fileprivate var sorted: LogoutMeaning {
        var sorted = self
        sorted.targets.sort { left, right in
            (left.clientID, left.sub ?? "\u{1}", left.sid ?? "\u{1}")
                < (right.clientID, right.sub ?? "\u{1}", right.sid ?? "\u{1}")
        }
        return sorted
    }
}
