import AuditTrail
import FleetSimulation
import FoundationEssentials
import LogoutModel
import Outbox
import PostgresClient

/// What the two are asked, drawn at random.
extension TwoOutboxes {
    /// One step, and the time after it.
    ///
    /// - Returns: what it was.
    mutating func step() async throws -> String {
        try clock.advance(by: .microseconds(pause()))
        switch random.within(0...99) {
        case 0..<19: return try await accept()
        case 19..<43: return try await claim()
        case 43..<71: return try await settle()
        case 71..<74: return try await release()
        case 74..<78: return try await endOverdue()
        case 78..<80: return try await hold()
        case 80..<87: return try await breaker()
        case 87..<91: return try await rouse()
        case 91..<96: return try await cancel()
        case 96..<99: return try await redeliver()
        default: return try await deleteClient()
        }
    }

    private mutating func pause() -> Int {
        switch random.within(0...19) {
        case 0: random.within(5_000_000...12_000_000)
        case 1: random.within(20_000_000...70_000_000)
        case 2...6: random.within(100_000...2_000_000)
        case 7: 0
        default: random.within(1...20_000)
        }
    }

    private mutating func client() -> MemoryClient { random.one(of: memory.clients) }

    // MARK: Intake

    private mutating func newMeaning() -> LogoutMeaning {
        let count = random.within(0...5)
        let targets = (0..<count).map { _ in
            let name = random.chance(0.08) ? "nobody" : client().clientID
            let hasSid = random.chance(0.7)
            return LogoutMeaning.Target(
                clientID: name,
                sub: !hasSid || random.chance(0.5) ? "alice" : nil,
                sid: hasSid ? "s\(random.next() % 1_000_000)" : nil
            )
        }
        var meaning = LogoutMeaning(targets: targets)
        if random.chance(0.3) { meaning.priority = .bulk }
        if random.chance(0.2) { meaning.within = random.within(1...60) }
        if random.chance(0.1) {
            meaning.within = nil
            meaning.before = clock.now.advanced(
                by: .seconds(random.one(of: [-5, 0, 4, 3_000, 2_592_000, 2_592_001]))
            )
        }
        return meaning
    }

    private mutating func accept() async throws -> String {
        var meaning = newMeaning()
        var key: Int?
        if random.chance(0.5) { key = random.within(1...1_000_000) }
        // What is rare comes early once.
        let isOwed = !seen.isSuperset(of: ["replay", "conflict"])
        if let known = meanings.last, isOwed || random.chance(0.2) {
            key = known.key
            if !seen.contains("replay") || random.chance(0.6) { meaning = known.meaning }
        }
        let answers = try await store.accept(
            [request(meaning, key: key)],
            usualDeliverWithin: Double(MemoryOutbox.usualWithin)
        )
        let theirs = answers.first ?? nil
        var id: LogoutEventID?
        if case .fresh(let accepted) = theirs { id = accepted.event.id }
        let mine = memory.accept(meaning, key: key, id: id, at: clock.now)
        let step = "accept of \(meaning)"
        seen.insert(String("\(mine)".prefix(while: \.isLetter)))
        switch (theirs, mine) {
        case (.fresh(let accepted), .fresh(_, let lanes)):
            try agree(step, accepted.lanes.sorted(), lanes.sorted())
            if let key { meanings.append((key, meaning)) }
        case (.replay(let event), .replay(let place)):
            try agree(step, event, memory.events[place].id)
        case (.conflict, .conflict), (.badDeadline, .badDeadline): break
        default: try agree(step, "\(theirs.map { "\($0)" } ?? "nil")", "\(mine)")
        }
        return step
    }

    private func request(_ meaning: LogoutMeaning, key: Int?) -> LogoutEventRequest {
        let targets = meaning.targets.map { LogoutTarget(clientID: $0.clientID, sub: $0.sub, sid: $0.sid) }
        var request = LogoutEventRequest(
            issuerKey: issuer,
            scope: .targets(targets),
            actor: MemoryOutbox.caller
        )
        request.priority = meaning.priority
        request.deadline =
            meaning.within.map { .within(seconds: Double($0)) } ?? meaning.before.map { .before($0) }
        request.idempotencyKeyHash = key.map { key in
            (0..<32).map { UInt8(truncatingIfNeeded: key >> ($0 * 2)) }
        }
        return request
    }

    // MARK: Claims

    private mutating func claim() async throws -> String {
        let found = try await store.lanesDue(after: .min, limit: 256)
        let mine = memory.lanesDue(at: clock.now)
        try agree("lanes_due", found.map { "\($0.lane) \($0.heads)" }, mine.map { "\($0.lane) \($0.heads)" })
        var lanes: [LaneClaim] = []
        for client in memory.clients where random.chance(0.7) {
            // Marks as a worker has them: of no knowledge, or a second behind a head.
            let head = mine.first { $0.lane == client.key }?.heads.interactive
            let mark = random.chance(0.5) ? head?.advanced(by: .seconds(-1)) : nil
            let low = mark ?? Timestamp(microseconds: .min)
            lanes.append(LaneClaim(client: client.key, lowWater: low, quota: random.within(1...6)))
        }
        guard !lanes.isEmpty else { return "no claim" }
        let worker = random.one(of: workers)
        let theirs = try await store.claim(lanes, limit: 1_000, worker: worker, defaults: Self.defaults)
        let claimed = memory.claim(
            lanes,
            limit: 1_000,
            worker: worker,
            defaults: Self.defaults,
            at: clock.now
        )
        try agree("claim of \(lanes)", Self.texts(theirs), Self.texts(claimed))
        claims += theirs.deliveries.map { ($0, worker) }
        if !theirs.deliveries.isEmpty { seen.insert("claimed") }
        if theirs.deliveries.contains(where: \.hadUnknownOutcome) { seen.insert("taken over") }
        if claims.count > 60 { claims.removeFirst(claims.count - 60) }
        return "claim of \(lanes)"
    }

    private static let defaults = ClaimDefaults(
        leaseSeconds: 10,
        marginSeconds: 3,
        maxInFlight: 4,
        attemptTimeoutSeconds: 5
    )

    private static func texts(_ batch: ClaimedBatch) -> [String] {
        var texts: [String] = []
        for claimed in batch.deliveries {
            texts.append(
                """
                \(claimed.lease) \(claimed.clientKey) \(claimed.breakerTrips) \(claimed.attempt) \(claimed.excused) \
                \(claimed.hadUnknownOutcome) \(claimed.timeLeft) \(claimed.sub ?? "-") \(claimed.sid ?? "-")
                """
            )
        }
        for (lane, found) in batch.lanes { texts.append("\(lane) \(found.heads) \(found.hasMore)") }
        return texts.sorted()
    }

    private mutating func release() async throws -> String {
        guard !claims.isEmpty else { return "no release" }
        let (claimed, worker) = claims.remove(at: random.within(0...(claims.count - 1)))
        let by = random.chance(0.8) ? worker : random.one(of: workers)
        try await store.release([claimed.lease], worker: by)
        memory.release([claimed.lease], worker: by)
        return "release of \(claimed.lease)"
    }

    // MARK: Records

    private mutating func ending() -> (Settlement, AttemptOutcome?, Int?) {
        switch random.within(0...9) {
        case 0...2:
            (
                .delivered(random.chance(0.2) ? .nonstandardStatus : []), .delivered,
                random.chance(0.9) ? 200 : 204
            )
        case 3: (.ended(.rejected, random.chance(0.3) ? .rejectedAfterUnknown : []), .rejected, 400)
        case 4: (Settlement(endingWith: random.one(of: [.deadlinePassed, .attemptsExhausted])), nil, nil)
        case 5: (.retry(after: .seconds(1), isExcused: true), .localError, nil)
        case 6: (.retry(after: .milliseconds(random.within(0...40_000)), isExcused: false), .serverError, 503)
        default: (.retry(after: .milliseconds(random.within(0...90_000)), isExcused: false), .timeout, nil)
        }
    }

    private mutating func settle() async throws -> String {
        var batch: [SettledDelivery] = []
        let worker = claims.last?.worker ?? random.one(of: workers)
        for _ in 0..<random.within(1...4) where !claims.isEmpty {
            // In time as a rule, and late now and then.
            let recent = random.chance(0.7) ? min(8, claims.count) : claims.count
            let index = claims.count - random.within(1...recent)
            let claim = claims[index]
            guard claim.worker == worker || random.chance(0.1),
                !batch.contains(where: { $0.lease.delivery == claim.claimed.lease.delivery })
            else { continue }
            // Some are settled twice: a repetition whose first answer was lost.
            if random.chance(0.8) { claims.remove(at: index) }
            batch.append(settled(claim.claimed))
        }
        guard !batch.isEmpty else { return "nothing to settle" }
        let theirs = try await store.settle(batch, worker: worker, now: .now)
        let mine = try memory.settle(batch, worker: worker, at: clock.now)
        let step = "settle of \(batch.map { "\($0.lease) \($0.settlement)" })"
        try agree(step, theirs.fenced.map(\.text).sorted(), mine.fenced.map(\.text).sorted())
        try agree(step, theirs.endedEvents.map(\.text).sorted(), mine.endedEvents.map(\.text).sorted())
        if !theirs.fenced.isEmpty { seen.insert("fenced") }
        if theirs.fenced.count < batch.count { seen.insert("settled") }
        if !theirs.endedEvents.isEmpty { seen.insert("ended event") }
        try await store.noteLate(theirs.fenced, of: batch)
        memory.noteLate(mine.fenced, of: batch)
        return step
    }

    private mutating func settled(_ claimed: ClaimedDelivery) -> SettledDelivery {
        let (settlement, outcome, status) = ending()
        jti += 1
        let report = outcome.map { outcome in
            var report = AttemptReport(outcome: outcome, startedAt: .now, finishedAt: .now)
            report.httpStatus = status
            report.jti = UUID(
                uuid: (
                    0, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, UInt8(truncatingIfNeeded: jti >> 8),
                    UInt8(truncatingIfNeeded: jti)
                )
            )
            return report
        }
        return SettledDelivery(
            lease: claimed.lease,
            attempt: claimed.attempt,
            settlement: settlement,
            report: report
        )
    }

    private mutating func endOverdue() async throws -> String {
        if random.chance(0.3) { try clock.advance(by: .seconds(70)) }
        let worker = random.one(of: workers)
        let theirs = try await store.endOverdue(worker: worker)
        let mine = try memory.endOverdue(worker: worker, at: clock.now)
        try agree("end overdue", theirs, mine)
        if theirs > 0 { seen.insert("overdue") }
        return "end overdue"
    }

    // MARK: Operators and breakers

    private mutating func hold() async throws -> String {
        let client = client()
        guard !client.isDeleted else { return "no hold" }
        let isHeld = !client.isHeld || random.chance(0.2)
        _ = try await store.hold(
            client.clientID,
            of: issuer,
            isHeld,
            note: AuditNote(
                isHeld ? .clientHeld : .clientReleased,
                clientID: client.clientID,
                actor: "operator"
            )
        )
        memory.hold(client.key, isHeld)
        return "hold \(isHeld) of \(client.key)"
    }

    private mutating func breaker() async throws -> String {
        let client = client()
        let trips = random.chance(0.8) ? client.breakerTrips : random.within(0...2)
        guard random.chance(client.breakerTrips > 0 ? 0.4 : 0.9) else {
            let theirs = try await store.closeBreaker(of: client.key, trips: trips, replayRate: 1)
            let mine = memory.closeBreaker(of: client.key, trips: trips, replayRate: 1, at: clock.now)
            try agree("close", theirs, mine)
            if theirs { seen.insert("closed") }
            return "breaker of \(client.key) closes from \(trips)"
        }
        let time = Duration.milliseconds(random.within(100...20_000))
        let theirs = try await store.openBreaker(of: client.key, trips: trips, for: time, failures: 5)
        let mine = memory.openBreaker(of: client.key, trips: trips, for: time, at: clock.now)
        try agree("open", theirs, mine)
        if theirs != nil { seen.insert("opened") }
        return "breaker of \(client.key) opens from \(trips)"
    }

    private mutating func rouse() async throws -> String {
        // A step that takes only some has no order among those that are due at one time.
        let limit = 500
        let theirs = try await store.rouse(limit: limit)
        let mine = memory.rouse(limit: limit, at: clock.now)
        try agree("rouse", theirs, mine)
        if theirs != nil { seen.insert("roused") }
        return "rouse \(limit)"
    }

    private mutating func cancel() async throws -> String {
        let inProgress = memory.events.indices.filter { memory.events[$0].endedAt == nil }
        guard let last = inProgress.last else { return "no cancel" }
        let event = random.chance(0.7) ? last : random.within(0...(memory.events.count - 1))
        var theirs = true
        do {
            try await store.cancelEvent(memory.events[event].id, of: issuer, actor: "operator")
        } catch OutboxError.alreadyEnded { theirs = false }
        let mine = try memory.cancel(event, actor: "operator", at: clock.now)
        try agree("cancel", theirs, mine)
        if theirs { seen.insert("cancelled") }
        return "cancel of event \(event)"
    }

    private mutating func redeliver() async throws -> String {
        guard !memory.deliveries.isEmpty else { return "no redelivery" }
        let ended = memory.deliveries.indices.filter { memory.deliveries[$0].end != nil }
        let place =
            random.chance(0.2) || ended.isEmpty
            ? random.within(0...(memory.deliveries.count - 1)) : random.one(of: ended)
        let force = random.chance(0.7)
        var theirs = true
        do {
            _ = try await store.redeliver(
                memory.deliveries[place].id,
                of: issuer,
                force: force,
                deliverWithin: nil,
                usualDeliverWithin: Double(MemoryOutbox.usualWithin),
                actor: "operator"
            )
        } catch OutboxError.notEnded, OutboxError.alreadyDelivered { theirs = false }
        let mine = memory.redeliver(place, force: force, actor: "operator", at: clock.now)
        try agree("redelivery", theirs, mine)
        if theirs { seen.insert("redelivered") }
        return "redelivery of \(memory.deliveries[place].id.text)"
    }

    private mutating func deleteClient() async throws -> String {
        // Now and then; the first one stays, so that there is always something to do.
        guard memory.clients.count > 1, random.chance(0.5) else { return "no deletion" }
        let client = memory.clients[random.within(1...(memory.clients.count - 1))]
        guard !client.isDeleted else { return "no deletion" }
        try await store.deleteClient(
            client.clientID,
            of: issuer,
            note: AuditNote(.clientDeleted, clientID: client.clientID, actor: "operator")
        )
        try memory.delete(client.key, at: clock.now)
        return "deletion of \(client.key)"
    }
}
