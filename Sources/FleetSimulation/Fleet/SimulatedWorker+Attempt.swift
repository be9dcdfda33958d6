import DeliveryPolicy
import DeliveryWorker
import FoundationEssentials
import LogoutModel
import Outbox
import PostgresClient
import RelyingPartyClient

/// From a claim to the record of what became of it.
extension SimulatedWorker {
    func dispatch(_ deliveries: [ClaimedDelivery], _ claimedAt: ContinuousClock.Instant) {
        breakers.learn(from: deliveries)
        for claimed in deliveries {
            let recipient = fleet.recipient(of: claimed.clientKey)
            schedule.setCap(fleet.shape.settings.maxInFlight, of: claimed.clientKey)
            let shipment = Shipment(
                claimed: claimed,
                recipient: recipient,
                claimedAt: claimedAt,
                startedAt: claimedAt
            )
            if let reason = shipment.refusal(at: fleet.instant) {
                settle(shipment, Settlement(endingWith: reason), nil, .other)
            } else {
                sign(shipment)
            }
        }
    }

    private func sign(_ shipment: Shipment) {
        let faults = fleet.shape.faults
        let hangs = fleet.strikes(faults.signingHangs)
        let fails = fleet.strikes(faults.signingFails)
        after(hangs ? fleet.random.time(1_000_000, 20_000_000) : fleet.random.within(100...2_000)) {
            [unowned self] in
            signed(shipment, fails ? .failed : .made)
        }
    }

    private func signed(_ shipment: Shipment, _ signature: SignatureEnding) {
        let isRefused = isDraining || breakers.refuses(shipment.claimed)
        var departure = shipment.departure(at: fleet.instant, signature: signature, isRefused: isRefused)
        if fleet.defect == .leaseNotChecked, signature == .made { departure = .goOn }
        switch departure {
        case .giveBack: giveBack(shipment)
        case .end(let reason): settle(shipment, Settlement(endingWith: reason), nil, .other)
        case .goOn where signature == .made: post(shipment)
        case .goOn:
            let outcome: AttemptOutcome = fleet.random.chance(0.5) ? .signingFailed : .localError
            conclude(shipment, .init(outcome: outcome, startedAt: fleet.instant, finishedAt: fleet.instant))
        }
    }

    private func post(_ shipment: Shipment) {
        let claimed = shipment.claimed
        let place = fleet.outbox.place(of: claimed.lease.delivery)
        tokens += 1
        let jti =
            fleet.defect == .oldTokenAgain
            ? claimed.lease.delivery.uuid : fleet.token(tokens, of: key, life: life)
        let timeout = shipment.timeout(at: fleet.instant)
        fleet.watch.sent(shipment, jti, within: timeout, by: self, fleet)
        fleet.note("\(name) sends attempt \(claimed.attempt) under lease \(claimed.lease.number)", of: place)
        let startedAt = fleet.instant
        if fleet.defect == .deliveredBeforeSent {
            conclude(shipment, .init(outcome: .delivered, startedAt: startedAt, finishedAt: startedAt))
        }
        let answered = fleet.party(of: claimed.clientKey).receive(place, within: timeout)
        after(answered.after) { [unowned self] in
            guard fleet.defect != .deliveredBeforeSent else { return }
            self.answered(shipment, answered.ending, answered.retryAfter, jti, startedAt)
        }
    }

    private func answered(
        _ shipment: Shipment,
        _ ending: Answer.Ending,
        _ retryAfter: Duration?,
        _ jti: UUID,
        _ startedAt: ContinuousClock.Instant
    ) {
        let meaning = ending.meaning
        var report = AttemptReport(
            outcome: meaning.outcome,
            startedAt: startedAt,
            finishedAt: fleet.instant
        )
        if case .status(let status) = ending { report.httpStatus = status }
        report.jti = jti
        fleet.note(
            "\(name) hears \(meaning.outcome.rawValue)",
            of: fleet.outbox.place(of: shipment.claimed.lease.delivery)
        )
        conclude(shipment, report, retryAfter: retryAfter, flags: meaning.flags)
    }

    private func conclude(
        _ shipment: Shipment,
        _ report: AttemptReport,
        retryAfter: Duration? = nil,
        flags: DeliveryFlags = []
    ) {
        var settlement = shipment.settlement(
            of: report.outcome,
            flags: flags,
            retryAfter: retryAfter,
            at: fleet.instant,
            draw: { fleet.random.unit() }
        )
        if fleet.defect == .refusalRetried, report.outcome == .rejected {
            settlement = .retry(after: .seconds(1), isExcused: false)
        }
        if let change = breakers.record(report.outcome, of: shipment.claimed) { wish(change) }
        settle(shipment, settlement, report, report.outcome.laneEnding)
    }

    private func giveBack(_ shipment: Shipment) {
        let (lease, key) = (shipment.claimed.lease, key)
        fleet.note("\(name) gives it back", of: fleet.outbox.place(of: lease.delivery))
        fleet.call("release", from: self) { [unowned self] outbox, _ in
            fleet.watch.released(lease, by: key, outbox)
            outbox.release([lease], worker: key)
        } then: { [unowned self] _ in
            schedule.ended(shipment.claimed.clientKey, startedAt: shipment.startedAt, .other)
            claim()
        }
    }

    // MARK: Recording

    private func settle(
        _ shipment: Shipment,
        _ settlement: Settlement,
        _ report: AttemptReport?,
        _ ending: LaneEnding
    ) {
        let settled = shipment.settled(settlement, report: report)
        waiting.append(Entry(settled: settled, shipment: shipment, ending: ending))
        guard !isRecording else { return }
        isRecording = true
        after(5_000) { [unowned self] in record() }
    }

    private func record() {
        guard !waiting.isEmpty else {
            isRecording = false
            return
        }
        let batch = waiting
        waiting = []
        record(batch, pause: .milliseconds(20)) { [unowned self] in record() }
    }

    private func record(_ batch: [Entry], pause: Duration, then next: @escaping () -> Void) {
        let (settled, key) = (batch.map(\.settled), key)
        fleet.call("settle", from: self) { [unowned self] (outbox, now) throws(PostgresError) in
            fleet.watch.willSettle(settled, by: key, outbox)
            return try outbox.settle(settled, worker: key, at: now)
        } done: { [unowned self] _ in
            fleet.watch.settled(settled, by: key, fleet)
        } then: { [unowned self] result in
            switch result {
            case .success(let result): recorded(batch, fenced: result.fenced, then: next)
            case .failure(let error):
                switch Setback(error, of: batch.count, isFinishing: false) {
                case .oneByOne: oneByOne(batch[...], then: next)
                case .refused, .givenUp: recorded(batch, fenced: [], then: next)
                case .again where fleet.defect == .outcomesDropped: next()
                case .again:
                    let wait = Int(pause / .microseconds(1) * (0.5 + fleet.random.unit() / 2))
                    after(wait) { [unowned self] in
                        record(batch, pause: Setback.pause(after: pause), then: next)
                    }
                }
            }
        }
    }

    private func oneByOne(_ rest: ArraySlice<Entry>, then next: @escaping () -> Void) {
        guard let first = rest.first else { return next() }
        record([first], pause: .milliseconds(20)) { [unowned self] in
            oneByOne(rest.dropFirst(), then: next)
        }
    }

    private func recorded(_ batch: [Entry], fenced: [DeliveryID], then next: @escaping () -> Void) {
        for entry in batch {
            schedule.ended(
                entry.shipment.claimed.clientKey,
                startedAt: entry.shipment.startedAt,
                entry.ending
            )
        }
        claim()
        guard !fenced.isEmpty else { return next() }
        let settled = batch.map(\.settled)
        fleet.call("note late", from: self) { outbox, _ in
            outbox.noteLate(fenced, of: settled)
        } then: { _ in
            next()
        }
    }
}
