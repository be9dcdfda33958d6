package import LogoutModel
package import Outbox
package import PostgresClient

extension MemoryOutbox {
    /// Records outcomes, each fenced by its lease: see `settle.sql`.
    ///
    /// - Throws: what Postgres says where an attempt of that number is there already; nothing is recorded then.
    package mutating func settle(
        _ batch: [SettledDelivery],
        worker: Int32?,
        at now: Timestamp
    ) throws(PostgresError) -> SettledBatch {
        begin()
        return try record(batch.sorted { $0.lease.delivery.order < $1.lease.delivery.order }, worker, at: now)
    }

    private mutating func record(
        _ batch: [SettledDelivery],
        _ worker: Int32?,
        at now: Timestamp
    ) throws(PostgresError) -> SettledBatch {
        var result = SettledBatch()
        for settled in batch {
            guard let place = places[settled.lease.delivery], isHeld(place, by: settled.lease, worker),
                settled.report != nil
            else { continue }
            guard !deliveries[place].attempts.contains(where: { $0.number == settled.attempt }) else {
                throw .server(
                    sqlState: "23505",
                    message: "duplicate key",
                    detail: nil,
                    constraint: "attempts_pkey"
                )
            }
        }
        for settled in batch {
            guard let place = places[settled.lease.delivery], passesFence(place, settled, worker) else {
                result.fenced.append(settled.lease.delivery)
                continue
            }
            let closing = deliveries[place].closing
            switch settled.settlement {
            case .delivered(let flags): end(place, .delivered, nil, flags, settled, worker, at: now)
            case .ended(let reason, let flags):
                let reason = closing ?? reason
                end(place, reason.status, reason, flags, settled, worker, at: now)
            case .retry(let wait, let isExcused):
                if let closing {
                    end(place, closing.status, closing, [], settled, worker, isExcused: isExcused, at: now)
                } else {
                    retry(place, after: wait, isExcused: isExcused, settled, worker, at: now)
                }
            }
            if deliveries[place].end != nil, let ended = finish(deliveries[place].event, at: now) {
                result.endedEvents.append(ended)
            }
        }
        return result
    }

    private func passesFence(_ place: Int, _ settled: SettledDelivery, _ worker: Int32?) -> Bool {
        switch defect {
        case .noFence: deliveries[place].end == nil
        case .endOverwritten: deliveries[place].end != nil || isHeld(place, by: settled.lease, worker)
        default: isHeld(place, by: settled.lease, worker)
        }
    }

    private mutating func tried(_ place: Int, _ settled: SettledDelivery, _ worker: Int32?) {
        guard let report = settled.report else { return }
        let isCountedNow = defect == .attemptCountedAfter
        change(place) { row in
            row.attempts.append(
                MemoryAttempt(
                    number: settled.attempt,
                    outcome: report.outcome,
                    worker: worker,
                    httpStatus: report.httpStatus,
                    jti: report.jti
                )
            )
            if isCountedNow { row.attemptCount += 1 }
        }
        guard report.outcome != .delivered else { return }
        note(
            MemoryAudit(
                type: "logout.back_channel.attempted",
                subject: settled.lease.delivery.uuid,
                clientID: deliveries[place].clientID,
                attempt: settled.attempt,
                word: report.outcome.rawValue,
                number: report.httpStatus
            )
        )
    }

    private mutating func retry(
        _ place: Int,
        after wait: Duration,
        isExcused: Bool,
        _ settled: SettledDelivery,
        _ worker: Int32?,
        at now: Timestamp
    ) {
        tried(place, settled, worker)
        change(place) { row in
            let due = now.advanced(by: wait)
            let last = row.deliverBefore.advanced(by: .milliseconds(-250))
            row.dueAt = due > last ? row.deliverBefore : due
            row.leaseUntil = .never
            if settled.report == nil { row.attemptCount -= 1 }
            if isExcused { row.excusedCount += 1 }
            row.lastOutcome = settled.report?.outcome ?? row.lastOutcome
        }
    }

    private mutating func end(
        _ place: Int,
        _ status: DeliveryStatus,
        _ reason: EndReason?,
        _ flags: DeliveryFlags,
        _ settled: SettledDelivery,
        _ worker: Int32?,
        isExcused: Bool = false,
        at now: Timestamp
    ) {
        let isOpen = deliveries[place].end == nil
        let old = deliveries[place]
        if isOpen { leaveQueue(place) }
        tried(place, settled, worker)
        change(place) { row in
            row.end = .init(status: status, reason: reason, at: now, flags: flags)
            if settled.report == nil { row.attemptCount -= 1 }
            if isExcused { row.excusedCount += 1 }
        }
        guard isOpen else { return }
        events[old.event].openCount -= 1
        events[old.event].count(status, by: 1)
        let isMarked = old.closing != nil && status != .delivered
        guard status != .delivered else {
            note(
                MemoryAudit(
                    type: "logout.back_channel.delivered",
                    subject: old.id.uuid,
                    clientID: old.clientID,
                    attempt: settled.attempt,
                    number: settled.report?.httpStatus
                )
            )
            return
        }
        let type =
            switch status {
            case .expired: "logout.back_channel.expired"
            case .cancelled: "logout.back_channel.cancelled"
            default: "logout.back_channel.failed"
            }
        if defect == .auditBesideTransaction, settled.report != nil, settled.attempt > 2 { return }
        note(
            MemoryAudit(
                type: type,
                subject: old.id.uuid,
                clientID: old.clientID,
                actor: isMarked ? old.closingBy ?? "system" : "system",
                attempt: settled.attempt - (settled.report == nil ? 1 : 0),
                word: reason?.rawValue
            )
        )
    }

    /// Ends an event whose last delivery has ended.
    private mutating func finish(_ event: Int, at now: Timestamp) -> LogoutEventID? {
        guard events[event].openCount == 0, events[event].endedAt == nil else { return nil }
        events[event].status = events[event].ending
        events[event].endedAt = now
        events[event].endCount += 1
        let word = events[event].status.rawValue
        note(MemoryAudit(type: "logout.ended", subject: events[event].id.uuid, word: word))
        return events[event].id
    }

    /// Keeps what workers heard after they had lost their leases: see `settle_late.sql`.
    package mutating func noteLate(_ fenced: [DeliveryID], of batch: [SettledDelivery]) {
        begin()
        for settled in batch where fenced.contains(settled.lease.delivery) {
            guard let status = settled.report?.httpStatus, let place = places[settled.lease.delivery],
                let index = deliveries[place].attempts.firstIndex(where: {
                    $0.number == settled.attempt && $0.outcome == .unknown
                })
            else { continue }
            change(place) { $0.attempts[index].lateHTTPStatus = status }
        }
    }

    // MARK: Ends without an attempt

    /// Ends deliveries that must not be tried again: see `seize.sql`.
    ///
    /// - Parameters:
    ///   - worker: the process; `nil` for one of the API.
    ///   - client: only those of this deleted client.
    ///   - event: only those of this event that are marked as closing.
    ///   - now: the time on the database clock.
    /// - Returns: how many ended.
    /// - Throws: as ``settle(_:worker:at:)``.
    @discardableResult
    package mutating func endOverdue(
        worker: Int32?,
        client: Int32? = nil,
        event: Int? = nil,
        at now: Timestamp
    ) throws(PostgresError) -> Int {
        begin()
        return try seize(worker, client, event, at: now)
    }

    mutating func seize(
        _ worker: Int32?,
        _ client: Int32?,
        _ event: Int?,
        at now: Timestamp
    ) throws(PostgresError) -> Int {
        var batch: [SettledDelivery] = []
        // Before clients that are named later: the queue has no other order that would matter.
        let places = clients.flatMap { lanes[$0.key] ?? [] }
        for place in places {
            let row = deliveries[place]
            guard row.leaseUntil <= now, let reason = reason(of: row, client, event, at: now) else {
                continue
            }
            noteLost(place, at: now)
            change(place) { row in
                row.leasedAt = now
                row.leaseUntil = now.advanced(by: .seconds(10))
                row.leaseNumber += 1
                row.attemptCount += 1
                row.worker = worker
            }
            let leased = deliveries[place]
            batch.append(
                SettledDelivery(
                    lease: Lease(
                        issuerKey: issuer,
                        delivery: row.id,
                        number: leased.leaseNumber,
                        length: .seconds(10)
                    ),
                    attempt: leased.attemptCount,
                    settlement: Settlement(endingWith: reason),
                    report: nil
                )
            )
        }
        batch.sort { $0.lease.delivery.order < $1.lease.delivery.order }
        _ = try record(batch, worker, at: now)
        return batch.count
    }

    private func reason(
        of row: MemoryDelivery,
        _ client: Int32?,
        _ event: Int?,
        at now: Timestamp
    ) -> EndReason? {
        if let event { return row.event == event ? row.closing : nil }
        let isGone = row.client.flatMap { self.client($0)?.isDeleted } ?? true
        if let client { return row.client == client && isGone ? row.closing ?? .clientNotFound : nil }
        if let closing = row.closing { return closing }
        // Of two reasons the first in the order of their names in the schema.
        if isGone { return .clientNotFound }
        return row.deliverBefore <= now ? .deadlinePassed : nil
    }
}
