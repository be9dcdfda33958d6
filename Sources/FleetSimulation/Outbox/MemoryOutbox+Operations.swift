package import LogoutModel
package import PostgresClient

extension MemoryOutbox {
    // MARK: Clients

    /// Lets a client's deliveries wait, or go: see `client_hold.sql`.
    package mutating func hold(_ client: Int32, _ isHeld: Bool) {
        begin()
        let changed: MemoryClient? = withClient(client) { client in
            guard client.isHeld != isHeld else { return nil }
            client.isHeld = isHeld
            return client
        }
        guard let changed else { return }
        let type = isHeld ? "client.held" : "client.released"
        note(MemoryAudit(type: type, clientID: changed.clientID, actor: "operator"))
    }

    /// Deletes a client; what waits for it ends.
    package mutating func delete(_ client: Int32, at now: Timestamp) throws(PostgresError) {
        begin()
        let gone: MemoryClient? = withClient(client) { client in
            client.isDeleted = true
            return client
        }
        guard let gone else { return }
        for place in lanes[client] ?? []
        where deliveries[place].leaseUntil > now && deliveries[place].closing == nil {
            change(place) { $0.closing = .clientNotFound }
        }
        note(MemoryAudit(type: "client.deleted", clientID: gone.clientID, actor: "operator"))
        _ = try seize(nil, client, nil, at: now)
    }

    // MARK: Breakers

    /// Opens a client's breaker: see `breaker_open.sql`.
    ///
    /// - Returns: how often it has opened now; `nil` where another process was first.
    package mutating func openBreaker(
        of client: Int32,
        trips: Int,
        for duration: Duration,
        at now: Timestamp
    ) -> Int? {
        begin()
        let opened: MemoryClient? = withClient(client) { client in
            guard client.breakerTrips == trips, client.breakerOpenUntil <= now else { return nil }
            if client.breakerTrips == 0, client.breakerRecoveredAt <= now { client.breakerOpenedAt = now }
            client.breakerTrips += 1
            client.breakerOpenUntil = now.advanced(by: duration)
            client.isRousing = false
            return client
        }
        guard let opened else { return nil }
        note(
            MemoryAudit(type: "breaker.opened", clientID: opened.clientID, number: opened.breakerTrips)
        )
        return opened.breakerTrips
    }

    /// Closes a client's breaker: see `breaker_close.sql`.
    package mutating func closeBreaker(of client: Int32, trips: Int, replayRate: Int, at now: Timestamp)
        -> Bool
    {
        begin()
        let replay = replay(to: client, atLeast: replayRate, at: now)
        let closed: MemoryClient? = withClient(client) { client in
            guard client.breakerTrips == trips, trips > 0 else { return nil }
            client.breakerTrips = 0
            client.breakerOpenUntil = min(client.breakerOpenUntil, now)
            client.breakerClosedAt = now
            client.isRousing = true
            client.breakerRecoveredAt = now.advanced(by: replay)
            return client
        }
        guard let closed else { return false }
        note(MemoryAudit(type: "breaker.closed", clientID: closed.clientID, number: trips))
        return true
    }

    /// How long a client whose breaker closes is sent what waits.
    private func replay(to client: Int32, atLeast rate: Int, at now: Timestamp) -> Duration {
        guard let openedAt = self.client(client)?.breakerOpenedAt, openedAt > .never else { return .zero }
        let waiting = (lanes[client] ?? []).map { deliveries[$0] }.filter { $0.closing == nil }
        let since = waiting.count { events[$0.event].id.time >= openedAt }
        let length = Double(now.microseconds - openedAt.microseconds)
        let firstDeadline = waiting.map { Double($0.deliverBefore.microseconds - now.microseconds) }.min()
        let replay = min(
            length * (1.25 * Double(waiting.count) / Double(max(since, 1))),
            1_000_000 * (Double(waiting.count) / Double(rate)),
            (firstDeadline ?? .infinity) / 2
        )
        return .microseconds(Int64(max(0, replay).rounded(.toNearestOrEven)))
    }

    /// Spreads out what waits for a client whose breaker has closed: see `rouse.sql`.
    ///
    /// - Returns: the client; `nil` where no client has anything left.
    package mutating func rouse(limit: Int = 500, at now: Timestamp) -> Int32? {
        begin()
        guard let index = clients.firstIndex(where: \.isRousing) else { return nil }
        let client = clients[index]
        func unleased(_ priority: Priority, _ isWanted: (MemoryDelivery) -> Bool) -> ArraySlice<Int> {
            (lanes[client.key] ?? []).filter { place in
                let row = deliveries[place]
                return row.priority == priority && row.leaseUntil <= now && isWanted(row)
            }.sorted(by: isBefore).prefix(limit)
        }
        let hasReplay = client.breakerRecoveredAt > client.breakerClosedAt
        let early = [Priority.interactive, .bulk].flatMap { priority in
            unleased(priority) { hasReplay && $0.leaseUntil == .never && $0.dueAt <= client.breakerClosedAt }
        }
        let late = [Priority.interactive, .bulk].flatMap { priority in
            unleased(priority) {
                $0.dueAt > max(client.breakerRecoveredAt, now) && $0.leasedAt < client.breakerOpenUntil
            }
        }.sorted(by: isBefore)
        for place in early { change(place) { $0.dueAt = client.replayed($0.dueAt) } }
        for (index, place) in late.enumerated() {
            change(place) { $0.dueAt = client.replay(Double(index + 1) / Double(late.count + 1)) }
        }
        if early.count + late.count < limit { clients[index].isRousing = false }
        return client.key
    }

    // MARK: Cancelled and sent again

    /// Marks what is open of an event, and ends what is not in flight: see `event_cancel.sql` and `cancel_mark.sql`.
    ///
    /// - Returns: whether it could be cancelled: it had not ended.
    package mutating func cancel(_ event: Int, actor: String, at now: Timestamp) throws(PostgresError) -> Bool
    {
        begin()
        guard events[event].endedAt == nil else { return false }
        for place in events[event].deliveries
        where deliveries[place].end == nil && deliveries[place].closing == nil {
            change(place) { row in
                row.closing = .cancelledByOperator
                row.closingBy = actor
            }
        }
        _ = try seize(nil, nil, event, at: now)
        return true
    }

    /// Sends an ended delivery again: see `redeliver.sql`.
    ///
    /// - Returns: whether it was in the queue again, or had to end again; false where it has not ended, or was delivered
    ///   and is not forced.
    package mutating func redeliver(_ place: Int, force: Bool, actor: String, at now: Timestamp) -> Bool {
        begin()
        let old = deliveries[place]
        guard let end = old.end, force || end.status != .delivered else { return false }
        let client = clients.first { $0.clientID == old.clientID && !$0.isDeleted }
        let reason: EndReason? =
            switch client {
            case nil: .clientNotFound
            case let client? where !client.hasURI: .noBackchannelLogoutURI
            case let client? where client.sessionRequired && old.sid == nil: .sessionRequiredNoSid
            default: nil
            }
        note(
            MemoryAudit(
                type: "logout.back_channel.redelivered",
                subject: old.id.uuid,
                clientID: old.clientID,
                actor: actor,
                attempt: old.attemptCount,
                word: end.status.rawValue
            )
        )
        events[old.event].count(end.status, by: -1)
        let within = Duration.seconds(client?.deliverWithinSeconds ?? Self.usualWithin)
        if let reason {
            endAgain(place, reason, before: now.advanced(by: within), actor: actor, client?.key, at: now)
        } else if let client {
            change(place) { row in
                row.end = nil
                row.client = client.key
                row.priority = .interactive
                row.dueAt = now
                row.leasedAt = .never
                row.leaseUntil = .never
                row.deliverBefore = now.advanced(by: within)
                row.excusedCount = row.attemptCount
                row.worker = nil
                row.lastOutcome = row.attempts.max { $0.number < $1.number }?.outcome
                row.outcomeWasUnknown = row.attempts.contains { $0.outcome == .unknown }
                row.closing = nil
                row.closingBy = nil
            }
            lanes[client.key, default: []].append(place)
            events[old.event].openCount += 1
        }
        let isOver = events[old.event].openCount == 0
        events[old.event].status = isOver ? events[old.event].ending : .inProgress
        events[old.event].endedAt = isOver ? now : nil
        if isOver {
            events[old.event].endCount += 1
            let word = events[old.event].status.rawValue
            note(MemoryAudit(type: "logout.ended", subject: events[old.event].id.uuid, word: word))
        }
        return true
    }

    private mutating func endAgain(
        _ place: Int,
        _ reason: EndReason,
        before: Timestamp,
        actor: String,
        _ client: Int32?,
        at now: Timestamp
    ) {
        change(place) { row in
            row.end = .init(status: reason.status, reason: reason, at: now, flags: [])
            row.client = client
            row.deliverBefore = before
            row.excusedCount = row.attemptCount
        }
        events[deliveries[place].event].count(reason.status, by: 1)
        note(
            MemoryAudit(
                type: reason == .noBackchannelLogoutURI
                    ? "bcl.client_not_covered" : "logout.back_channel.failed",
                subject: deliveries[place].id.uuid,
                clientID: deliveries[place].clientID,
                actor: actor,
                word: reason.rawValue
            )
        )
    }
}
