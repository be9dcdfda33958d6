package import LogoutModel
package import Outbox

extension MemoryOutbox {
    /// The rows of one lane and priority that a claim looks at, in its order.
    private func window(
        _ lane: [Int],
        _ priority: Priority,
        from lowWater: Timestamp,
        _ size: Int,
        at now: Timestamp
    ) -> [Int] {
        let due = lane.filter { place in
            let row = deliveries[place]
            return row.priority == priority && row.dueAt >= lowWater && row.dueAt <= now
                && (row.closing == nil || row.leaseUntil > now || defect == .cancelledIsClaimed)
        }
        return Array(due.sorted(by: isBefore).prefix(size))
    }

    /// The order of the queue's index.
    func isBefore(_ left: Int, _ right: Int) -> Bool {
        let (left, right) = (deliveries[left], deliveries[right])
        return left.dueAt != right.dueAt ? left.dueAt < right.dueAt : left.order < right.order
    }

    /// Claims due deliveries of some lanes: see `claim.sql`.
    ///
    /// `skew`: how far the worker's wall clock is ahead, for the defect that trusts it.
    package mutating func claim(
        _ asked: [LaneClaim],
        limit: Int,
        worker: Int32,
        defaults: ClaimDefaults,
        at now: Timestamp,
        skew: Duration = .zero
    ) -> ClaimedBatch {
        begin(isDurable: false)
        var batch = ClaimedBatch()
        for lane in asked {
            guard let client = client(lane.client), !client.isDeleted,
                !client.isHeld || defect == .holdIgnored,
                client.breakerOpenUntil <= now || defect == .breakerBurnsAttempts
            else { continue }
            let usual = client.maxInFlight ?? defaults.maxInFlight
            let justClosed = client.breakerClosedAt > now.advanced(by: .seconds(-1))
            var cap = client.breakerTrips > 0 || client.isRousing ? 1 : justClosed ? max(usual / 2, 1) : usual
            if defect == .capIgnored { cap = usual * 4 }
            let rows = lanes[lane.client] ?? []
            let interactive = window(rows, .interactive, from: lane.lowWater, 2 * usual, at: now)
            let bulk = window(rows, .bulk, from: lane.bulkLowWater, 2 * usual, at: now)
            let free = (interactive + bulk).filter { isFree($0, at: now) }
            let busy = interactive.count + bulk.count - free.count
            let take = max(0, min(lane.quota, cap - busy))
            let picked = free.prefix(min(take, limit - batch.deliveries.count))
            guard !picked.isEmpty else { continue }
            let heads = LaneHeads(
                interactive: interactive.map { deliveries[$0].dueAt }.min(),
                bulk: bulk.map { deliveries[$0].dueAt }.min()
            )
            batch.lanes[lane.client] = (heads, hasMore: free.count > take)
            let timeout = client.attemptTimeoutSeconds ?? defaults.attemptTimeoutSeconds
            let length = max(defaults.leaseSeconds, defaults.marginSeconds + timeout)
            for place in picked {
                let claimed = lease(place, for: length, worker: worker, client, at: now, skew: skew)
                batch.deliveries.append(claimed)
            }
        }
        return batch
    }

    private func isFree(_ place: Int, at now: Timestamp) -> Bool {
        if defect == .leaseNeverReclaimed { return deliveries[place].leaseUntil == .never }
        return deliveries[place].leaseUntil <= now
    }

    private mutating func lease(
        _ place: Int,
        for seconds: Double,
        worker: Int32,
        _ client: MemoryClient,
        at now: Timestamp,
        skew: Duration
    ) -> ClaimedDelivery {
        let old = deliveries[place]
        noteLost(place, at: now)
        let clock = defect == .leaseOnWorkerClock ? now.advanced(by: skew) : now
        let isCounted = defect != .attemptCountedAfter
        change(place) { row in
            row.leasedAt = now
            row.leaseUntil = clock.advanced(seconds: seconds)
            row.leaseNumber += 1
            if isCounted { row.attemptCount += 1 }
            row.worker = worker
            if old.leaseUntil > .never {
                row.lastOutcome = .unknown
                row.outcomeWasUnknown = true
            }
        }
        let row = deliveries[place]
        return ClaimedDelivery(
            lease: Lease(
                issuerKey: issuer,
                delivery: row.id,
                number: row.leaseNumber,
                length: .microseconds(Int64((seconds * 1_000_000).rounded()))
            ),
            clientKey: client.key,
            clientVersion: 1,
            issuerVersion: 1,
            breakerTrips: client.breakerTrips,
            attempt: defect == .attemptCountedAfter ? row.attemptCount + 1 : row.attemptCount,
            excused: row.excusedCount,
            hadUnknownOutcome: row.outcomeWasUnknown,
            timeLeft: .microseconds(row.deliverBefore.microseconds - now.microseconds),
            sub: row.sub,
            sid: row.sid
        )
    }

    /// Records the attempt of a lease that has run out, where there is one.
    mutating func noteLost(_ place: Int, at now: Timestamp) {
        let old = deliveries[place]
        guard old.leaseUntil > .never else { return }
        change(place) { row in
            guard !row.attempts.contains(where: { $0.number == old.attemptCount }) else { return }
            row.attempts.append(
                MemoryAttempt(
                    number: old.attemptCount,
                    outcome: .unknown,
                    worker: old.worker,
                    httpStatus: nil,
                    jti: nil
                )
            )
        }
        note(
            MemoryAudit(
                type: "logout.back_channel.attempted",
                subject: old.id.uuid,
                clientID: old.clientID,
                attempt: old.attemptCount,
                word: AttemptOutcome.unknown.rawValue
            )
        )
    }

    /// Gives claims back that were not sent: see `release.sql`.
    package mutating func release(_ leases: [Lease], worker: Int32?) {
        begin()
        for lease in leases {
            guard let place = places[lease.delivery], isHeld(place, by: lease, worker) else { continue }
            change(place) { row in
                row.leaseUntil = .never
                row.attemptCount -= 1
            }
        }
    }

    /// Whether a lease still stands: the fence.
    func isHeld(_ place: Int, by lease: Lease, _ worker: Int32?) -> Bool {
        let row = deliveries[place]
        return row.end == nil && row.leaseNumber == lease.number && row.worker == worker
            && row.leaseUntil > .never
    }

    /// The lanes that have something due and may be sent to: see `lanes_due.sql`.
    package func lanesDue(at now: Timestamp) -> [(lane: Int32, heads: LaneHeads)] {
        clients.compactMap { client in
            guard !client.isDeleted, !client.isHeld,
                client.breakerOpenUntil <= now || defect == .breakerBurnsAttempts
            else { return nil }
            let rows = lanes[client.key] ?? []
            func head(_ priority: Priority) -> Timestamp? {
                rows.lazy.map { deliveries[$0] }.filter { $0.priority == priority }.map(\.dueAt).min()
            }
            let interactive = head(.interactive)
            let bulk = head(.bulk)
            guard [interactive, bulk].contains(where: { $0.map { $0 <= now } ?? false }) else { return nil }
            return (client.key, LaneHeads(interactive: interactive, bulk: bulk))
        }
    }
}
